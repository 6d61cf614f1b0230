// date_fuzz.cpp: dates of header fields and of parameters: what is read is written and read again.
// Spec: RFC 5322 §3.3, §4.3.                                  Not here: RFC 3339 (command).
// Covers: src/mail/date.cpp
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "mail/date.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const date = pb::mail::parse_date({reinterpret_cast<char const*>(data), size});
  if (!date) return 0;
  auto const again = pb::mail::parse_date(pb::mail::format_date(*date));
  PB_CHECK(again == date);
  return 0;
}
