// mtasts_fuzz.cpp: an MTA-STS record and policy.
// Spec: RFC 8461 §3.1, §3.2.
// Covers: src/mtasts/record.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "mtasts/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  auto const record = mtasts::parse_record(text);
  if (record) PB_CHECK(!record->id.empty() && record->id.size() <= 32);
  auto const policy = mtasts::parse_policy(text);
  if (!policy) return 0;
  PB_CHECK(policy->mode == mtasts::Mode::none || !policy->mx.empty());
  PB_CHECK(!mtasts::text(policy->mode).empty());
  (void)mtasts::matches(*policy, "mx.example.com");
  return 0;
}
