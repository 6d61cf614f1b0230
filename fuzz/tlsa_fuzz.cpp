// tlsa_fuzz.cpp: a TLSA record as text; what is read is written back.
// Spec: RFC 6698 §2.2.
// Covers: src/dane/record.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "dane/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  auto const record = dane::parse_record(text);
  if (!record) return 0;
  auto const again = dane::parse_record(dane::text(*record));
  PB_CHECK(again.has_value() && *again == *record);
  (void)dane::is_usable(*record);
  (void)dane::record_name("mx.example", 25);
  return 0;
}
