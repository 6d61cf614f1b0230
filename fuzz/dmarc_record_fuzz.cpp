// dmarc_record_fuzz.cpp: a DMARC record.
// Spec: RFC 9989 §4.7, §4.8.
// Covers: src/dmarc/record.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "dmarc/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  auto const record = dmarc::parse_record(text);
  if (!record) return 0;
  PB_CHECK(dmarc::is_record(text));
  PB_CHECK(record->remarks.size() <= 16 && record->aggregate.size() <= 32);
  PB_CHECK(!dmarc::text(record->policy).empty());
  return 0;
}
