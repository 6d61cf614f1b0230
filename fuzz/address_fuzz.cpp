// address_fuzz.cpp: paths, mailboxes and domains: what was read is written so that it reads again.
// Spec: RFC 5321 §4.1.2, §4.1.3; RFC 6531 §3.3.          Not here: header forms (header_address).
// Covers: src/mail/address.cpp src/mail/domain.cpp
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "base/utf8.hpp"
#include "mail/address.hpp"

namespace {
using namespace pb::mail;

void check_mailbox(Mailbox const& mailbox, Utf8 utf8) {
  auto const again = parse_mailbox(mailbox.text(), utf8);
  PB_CHECK(again.has_value());
  PB_CHECK(again->local_part == mailbox.local_part);
  PB_CHECK(again->domain.text == mailbox.domain.text);
  PB_CHECK(*again == mailbox);
  // A key is a key of itself, and ASCII.
  Domain const key{mailbox.domain.key()};
  PB_CHECK(key.key() == key.text && pb::utf8::is_ascii(key.text));
  PB_CHECK(key == mailbox.domain);
  static_cast<void>(to_unicode(mailbox.domain));
  if (utf8 == Utf8::refuse) PB_CHECK(!mailbox.is_internationalized());
}

void check_paths(std::string_view text, Utf8 utf8) {
  std::string_view rest = text;
  if (auto const path = take_reverse_path(rest, utf8); path) {
    PB_CHECK(text.ends_with(rest) && rest.size() + 2 <= text.size());
    PB_CHECK(text[text.size() - rest.size() - 1] == '>');
    if (path->mailbox) check_mailbox(*path->mailbox, utf8);
  }
  rest = text;
  if (auto const path = take_forward_path(rest, utf8); path) {
    PB_CHECK(text.ends_with(rest));
    if (!path->domain.text.empty()) check_mailbox(*path, utf8);
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  for (Utf8 const utf8 : {Utf8::refuse, Utf8::allow}) {
    if (auto const mailbox = parse_mailbox(text, utf8); mailbox) check_mailbox(*mailbox, utf8);
    check_paths(text, utf8);
  }
  return 0;
}
