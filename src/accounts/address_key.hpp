// address_key.hpp: the spelling of an address under which tables find it.
// Spec: RFC 5321 §2.4 (a local part's case is the host's affair: here it does not count).
// Not here: parsing paths (mail/address).                          Tests: directory_test.cpp
#pragma once

#include <string>
#include <string_view>

#include "mail/address.hpp"

namespace pb::accounts {
/// "local@domain", ASCII letters in lower case, the domain as A-labels. A local part with an "@"
/// inside cannot be mistaken: the last "@" parts it from the domain.
std::string address_key(mail::Mailbox const& mailbox);
/// The key of a login name: an address's key when it is one, else lower case.
std::string login_key(std::string_view user);
}  // namespace pb::accounts
