// address.hpp: mailbox addresses as SMTP writes them in paths.               Tests:
// address_test.cpp Spec: RFC 5321 §4.1.2 (Mailbox, Path), §4.1.3 (literals), RFC 6531 §3.3 (UTF-8
// forms). Not here: address lists of header fields (header_address.hpp).
#pragma once

#include <compare>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pb::mail {

/// A domain as the peer wrote it, or an address literal with its brackets. Compared without case.
struct Domain {
  std::string text;  // "example.com", "例え.jp", "[192.0.2.1]", "[IPv6:2001:db8::1]"
  [[nodiscard]] bool is_literal() const { return text.starts_with('['); }
  /// Lower case, A-labels: what tables and look-ups are keyed by. Literals are only lower-cased.
  [[nodiscard]] std::string key() const;
  friend bool operator==(Domain const&, Domain const&);
};

struct Mailbox {
  std::string local_part;  // unquoted: the string's value, not its spelling
  Domain domain;
  /// The shortest legal spelling: quoted only where it must be.
  [[nodiscard]] std::string text() const;
  /// Needs SMTPUTF8: the local part, or a domain that is not in A-label form, is not ASCII.
  [[nodiscard]] bool is_internationalized() const;
  friend bool operator==(Mailbox const&, Mailbox const&);
};

enum class AddressError {
  syntax,           // not the grammar
  local_part_long,  // RFC 5321 §4.5.3.1.1
  domain_long,      // §4.5.3.1.2
  path_long,        // §4.5.3.1.3
  non_ascii,        // UTF-8 where SMTPUTF8 was not asked for
  bad_utf8,
  bad_idna,  // a label that IDNA2008 refuses
};

enum class Utf8 { refuse, allow };

/// Local-part "@" ( Domain / address-literal ), nothing before or behind it.
std::expected<Mailbox, AddressError> parse_mailbox(std::string_view text, Utf8 utf8);
std::expected<Domain, AddressError> parse_domain(std::string_view text, Utf8 utf8);

/// U-labels, for people to read; nullopt where a label is no true A-label or mixes directions
/// against the Bidi rule: then show the text. In paths A-labels stay opaque (RFC 5891 §5.4 lets
/// us): mail of a domain that IDNA2008 would not register is mail all the same.
std::optional<std::string> to_unicode(Domain const& domain);

/// A reverse-path: the null one ("<>") or a mailbox (RFC 5321 §4.5.5).
struct ReversePath {
  std::optional<Mailbox> mailbox;
  [[nodiscard]] bool is_null() const { return !mailbox; }
  [[nodiscard]] std::string text() const { return mailbox ? mailbox->text() : std::string{}; }
  friend bool operator==(ReversePath const&, ReversePath const&) = default;
};

/// Takes "<...>" off the front of `text` (source routes are read and dropped, RFC 5321 Appendix C);
/// the rest, parameters, stays.
std::expected<ReversePath, AddressError> take_reverse_path(std::string_view& text, Utf8 utf8);
/// As above; "<Postmaster>" without a domain is a Mailbox with an empty domain (§4.1.1.3).
std::expected<Mailbox, AddressError> take_forward_path(std::string_view& text, Utf8 utf8);
}  // namespace pb::mail
