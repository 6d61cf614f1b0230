// tlsrpt_fuzz.cpp: a TLSRPT record.
// Spec: RFC 8460 §3.
// Covers: src/tlsrpt/record.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "tlsrpt/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  auto const record = tlsrpt::parse_record(text);
  if (record) PB_CHECK(tlsrpt::is_record(text) && !record->report_uris.empty());
  return 0;
}
