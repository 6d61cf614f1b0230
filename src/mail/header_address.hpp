// header_address.hpp: the addresses in From, Sender, Reply-To, To, Cc and Bcc fields.
// Spec: RFC 5322 §3.4 (address lists), §4.4 (obsolete forms), RFC 6532 §3.2 (UTF-8), RFC 6854.
// Tests: header_address_test.cpp        Not here: envelope paths (address.hpp), encoded words.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "mail/address.hpp"

namespace pb::mail {
struct NamedAddress {
  /// As written, quotes undone, comments left out, blanks made one space; encoded words (RFC 2047)
  /// not decoded; maybe not UTF-8. Empty: none.
  std::string display_name;
  Mailbox mailbox;
};

enum class HeaderAddressError : std::uint8_t {
  syntax,
  bad_address,  // a local part or domain that the envelope could not carry either
  too_many,     // over 1,000 addresses
};

/// All addresses of a field's value (folds may still be in it), in order; those in groups too
/// ("team: a@b.example;"), groups and empty places themselves left out: so the list may be empty.
/// Strict where readers could disagree who is meant: "a@x.example <b@y.example>" is an error, the
/// same address twice ("a@x.example <a@x.example>", which programs do send) is one address.
std::expected<std::vector<NamedAddress>, HeaderAddressError> parse_header_addresses(
    std::string_view value);
}  // namespace pb::mail
