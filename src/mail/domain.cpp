// domain.cpp: domains and address literals of paths, and the key that tables use.
// Spec: RFC 5321 §4.1.2 (Domain), §4.1.3 (literals); RFC 5890 (U-labels), UTS #46 non-transitional
// mapping by libidn2.     Tests: address_test.cpp, tests/suites/idna_suite.cpp.
// Not here: local parts.
#include <idn2.h>

#include <memory>

#include "base/ascii.hpp"
#include "base/ip.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "mail/address.hpp"

namespace pb::mail {
namespace {
constexpr std::size_t label_octets_max = 63;  // RFC 1035 §2.3.4
constexpr std::size_t name_octets_max = 253;  // its 255 octets on the wire, as text

constexpr int idna_flags = IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT;

/// STD3 (UTS #46 §4): ASCII but letters, digits, hyphen and dot, and what decomposes to it (U+2260,
/// U+226E, U+226F). libidn2's own flag for it drops such characters in silence, which makes another
/// domain of it.
bool breaks_std3(std::string_view text) {
  for (char const c : text) {
    bool const ascii_only = static_cast<unsigned char>(c) < 0x80;
    if (ascii_only && !ascii::is_alnum(c) && c != '-' && c != '.') return true;
  }
  return text.find("\xE2\x89\xA0") != std::string_view::npos ||
         text.find("\xE2\x89\xAE") != std::string_view::npos ||
         text.find("\xE2\x89\xAF") != std::string_view::npos;
}

std::optional<std::string> to_u_labels(std::string const& a_labels) {
  char* raw = nullptr;
  int const result = idn2_to_unicode_8z8z(a_labels.c_str(), &raw, 0);
  std::unique_ptr<char, void (*)(void*)> const owner{raw, idn2_free};
  if (result != IDN2_OK || raw == nullptr) return std::nullopt;
  return std::string{raw};
}

bool is_between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

/// The Bidi rule's conditions 1, 4 and 5 (RFC 5893 §2): no label holds digits of both kinds, EN and
/// AN. libidn2 lets them pass. `label` is a U-label, so only these digits can stand in it.
bool mixes_digits(std::string_view label) {
  bool european = false;
  bool arabic = false;
  while (auto const c = utf8::take(label)) {
    european = european || is_between(*c, U'0', U'9') || is_between(*c, 0x6F0, 0x6F9);
    arabic = arabic || is_between(*c, 0x660, 0x669) || is_between(*c, 0x10D30, 0x10D39);
  }
  return european && arabic;
}

/// The A-label form, or nothing when a label is refused by IDNA2008.
std::optional<std::string> to_ascii(std::string const& domain) {
  if (breaks_std3(domain)) return std::nullopt;
  char* raw = nullptr;
  int const result = idn2_to_ascii_8z(domain.c_str(), &raw, idna_flags);
  std::unique_ptr<char, void (*)(void*)> const owner{raw, idn2_free};
  if (result != IDN2_OK || raw == nullptr) return std::nullopt;
  std::string a_labels{raw};
  auto const u_labels = to_u_labels(a_labels);
  if (!u_labels) return std::nullopt;
  for (std::string_view const label : ascii::split(*u_labels, '.')) {
    if (mixes_digits(label)) return std::nullopt;
  }
  return a_labels;
}

/// sub-domain = Let-dig [Ldh-str]
bool is_label(std::string_view label) {
  if (label.empty() || label.size() > label_octets_max) return false;
  for (char const c : label) {
    if (!ascii::is_alnum(c) && c != '-') return false;
  }
  return label.front() != '-' && label.back() != '-';
}

/// Domain = sub-domain *("." sub-domain)
bool is_ascii_domain(std::string_view text) {
  if (text.size() > name_octets_max) return false;
  for (std::string_view const label : ascii::split(text, '.')) {
    if (!is_label(label)) return false;
  }
  return true;
}

/// address-literal = "[" ( IPv4 / "IPv6:" IPv6-addr / Standardized-tag ":" 1*dcontent ) "]"
/// A General-address-literal has no registered tag but IPv6, so there is none that we could reach.
bool is_address_literal(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']') || text.size() < 3) return false;
  auto const inner = text.substr(1, text.size() - 2);
  if (ascii::istarts_with(inner, "IPv6:")) {
    return inner.find(':', 5) != std::string_view::npos &&
           IpAddress::parse(inner.substr(5)).has_value();
  }
  return inner.find(':') == std::string_view::npos && IpAddress::parse(inner).has_value();
}
}  // namespace

std::string Domain::key() const {
  if (!is_literal() && !utf8::is_ascii(text)) {
    if (auto ascii_form = to_ascii(text); ascii_form) return ascii::to_lower(*ascii_form);
  }
  return ascii::to_lower(text);
}

bool operator==(Domain const& a, Domain const& b) {
  return ascii::iequals(a.text, b.text) || a.key() == b.key();
}

std::optional<std::string> to_unicode(Domain const& domain) {
  std::string const key = domain.key();
  if (domain.is_literal() || key.find("xn--") == std::string::npos) return domain.text;
  auto u_labels = to_u_labels(key);
  // A true A-label is what its U-label becomes (RFC 5890 §2.3.2.1).
  if (!u_labels || to_ascii(*u_labels) != key) return std::nullopt;
  return u_labels;
}

std::expected<Domain, AddressError> parse_domain(std::string_view text, Utf8 utf8) {
  if (text.empty()) return std::unexpected{AddressError::syntax};
  if (text.size() > limits::domain_octets) return std::unexpected{AddressError::domain_long};
  if (text.front() == '[') {
    if (!is_address_literal(text)) return std::unexpected{AddressError::syntax};
    return Domain{std::string{text}};
  }
  if (utf8::is_ascii(text)) {
    if (!is_ascii_domain(text)) return std::unexpected{AddressError::syntax};
    return Domain{std::string{text}};
  }
  if (utf8 == Utf8::refuse) return std::unexpected{AddressError::non_ascii};
  if (!utf8::valid(text)) return std::unexpected{AddressError::bad_utf8};
  // What a peer wrote must be a host name once it is in A-labels, not only something mappable.
  auto const ascii_form = to_ascii(std::string{text});
  if (!ascii_form || !is_ascii_domain(*ascii_form)) {
    return std::unexpected{AddressError::bad_idna};
  }
  if (ascii_form->size() > limits::domain_octets) {
    return std::unexpected{AddressError::domain_long};
  }
  return Domain{std::string{text}};
}
}  // namespace pb::mail
