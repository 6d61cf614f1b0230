// header_address_fuzz.cpp: address lists; each address found is one that the envelope could carry.
// Spec: RFC 5322 §3.4.                                   Not here: paths (smtp's own targets).
// Covers: src/mail/header_address.cpp
#include <cstddef>
#include <cstdint>
#include <ranges>

#include "base/check.hpp"
#include "mail/header_address.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb::mail;
  auto const found = parse_header_addresses({reinterpret_cast<char const*>(data), size});
  if (!found) return 0;
  PB_CHECK(found->size() <= 1000);
  // The first ones: a thousand would each be read again, and that is slow, not deep.
  for (NamedAddress const& address : *found | std::views::take(8)) {
    std::string const text = address.mailbox.text();
    auto const as_path = parse_mailbox(text, Utf8::allow);
    PB_CHECK(as_path.has_value() && *as_path == address.mailbox);
    auto const as_field = parse_header_addresses("x <" + text + ">");
    PB_CHECK(as_field.has_value() && as_field->size() == 1);
    PB_CHECK(as_field->front().mailbox == address.mailbox);
  }
  return 0;
}
