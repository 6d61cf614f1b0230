// address_key.cpp: see address_key.hpp.                             Spec: RFC 5321 §2.4, RFC 5891.
// Tests: directory_test.cpp
#include "accounts/address_key.hpp"

#include "base/ascii.hpp"

namespace pb::accounts {
std::string address_key(mail::Mailbox const& mailbox) {
  return ascii::to_lower(mailbox.local_part) + "@" + mailbox.domain.key();
}

std::string login_key(std::string_view user) {
  auto const mailbox = mail::parse_mailbox(user, mail::Utf8::allow);
  return mailbox ? address_key(*mailbox) : ascii::to_lower(user);
}
}  // namespace pb::accounts
