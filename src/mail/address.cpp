// address.cpp: see address.hpp.                                        Tests: address_test.cpp
// Spec: RFC 5321 §4.1.2, §4.1.3, Appendix C (source routes); RFC 6531 §3.3; domains: domain.cpp.
// Not here: header addresses (header_address.cpp).
#include "mail/address.hpp"

#include "base/ascii.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"

namespace pb::mail {
namespace {
/// atext (RFC 5322 §3.2.3); a byte over 0x7F belongs to it by RFC 6531 §3.3.
bool is_atext(char c) {
  constexpr std::string_view specials = "!#$%&'*+-/=?^_`{|}~";
  return ascii::is_alnum(c) || specials.find(c) != std::string_view::npos ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Dot-string = Atom *("."  Atom): takes it off the front.
std::optional<std::string> take_dot_string(std::string_view& text) {
  std::size_t end = 0;
  bool atom_open = false;
  for (; end < text.size() && (is_atext(text[end]) || text[end] == '.'); ++end) {
    if (text[end] == '.' && !atom_open) return std::nullopt;
    atom_open = text[end] != '.';
  }
  if (!atom_open) return std::nullopt;
  std::string value{text.substr(0, end)};
  text.remove_prefix(end);
  return value;
}

/// Quoted-string = DQUOTE *QcontentSMTP DQUOTE; QcontentSMTP = qtextSMTP / quoted-pairSMTP
/// quoted-pairSMTP = %d92 %d32-126; qtextSMTP = %d32-33 / %d35-91 / %d93-126 / UTF8-non-ascii
std::optional<std::string> take_quoted_string(std::string_view& text) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
    if (ascii::is_control(text[i])) return std::nullopt;
    value += text[i];
  }
  return std::nullopt;
}

/// Local-part = Dot-string / Quoted-string
std::optional<std::string> take_local_part(std::string_view& text) {
  return text.starts_with('"') ? take_quoted_string(text) : take_dot_string(text);
}

/// Where the domain at the front of `text` ends: at `stop`, outside of brackets.
std::size_t domain_end(std::string_view text, std::string_view stops) {
  if (text.starts_with('[')) {
    auto const close = text.find(']');
    return close == std::string_view::npos ? text.size() : close + 1;
  }
  return std::min(text.find_first_of(stops), text.size());
}

std::expected<Mailbox, AddressError> take_mailbox(std::string_view& text, std::string_view stops,
                                                  Utf8 utf8) {
  auto local_part = take_local_part(text);
  if (!local_part || !text.starts_with('@')) return std::unexpected{AddressError::syntax};
  if (local_part->size() > limits::local_part_octets_max) {
    return std::unexpected{AddressError::local_part_long};
  }
  text.remove_prefix(1);
  auto const end = domain_end(text, stops);
  auto domain = parse_domain(text.substr(0, end), utf8);
  if (!domain) return std::unexpected{domain.error()};
  text.remove_prefix(end);
  return Mailbox{std::move(*local_part), std::move(*domain)};
}

/// A-d-l = At-domain *( "," At-domain ), then ":". Read and dropped: RFC 5321 §4.1.1.3 lets us.
std::expected<void, AddressError> skip_source_route(std::string_view& text, Utf8 utf8) {
  while (text.starts_with('@')) {
    text.remove_prefix(1);
    auto const end = domain_end(text, ",:>");
    if (auto const hop = parse_domain(text.substr(0, end), utf8); !hop) {
      return std::unexpected{hop.error()};
    }
    text.remove_prefix(end);
    if (text.starts_with(",@")) {
      text.remove_prefix(1);
      continue;
    }
    if (!text.starts_with(':')) return std::unexpected{AddressError::syntax};
    text.remove_prefix(1);
    return {};
  }
  return {};
}

std::expected<void, AddressError> check_characters(std::string_view text, Utf8 utf8) {
  if (utf8::is_ascii(text)) return {};
  if (utf8 == Utf8::refuse) return std::unexpected{AddressError::non_ascii};
  if (!utf8::valid(text)) return std::unexpected{AddressError::bad_utf8};
  return {};
}

/// The octets of the path at the front of `text`, brackets included; a ">" within a quoted string
/// does not end it.
std::optional<std::size_t> path_length(std::string_view text) {
  if (!text.starts_with('<')) return std::nullopt;
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '>' && !quoted) {
      return i + 1;
    }
  }
  return std::nullopt;
}

/// Path = "<" [ A-d-l ":" ] Mailbox ">"
std::expected<Mailbox, AddressError> parse_path(std::string_view path, Utf8 utf8) {
  if (path.size() > limits::path_octets_max) return std::unexpected{AddressError::path_long};
  if (auto const fine = check_characters(path, utf8); !fine) return std::unexpected{fine.error()};
  path.remove_prefix(1);
  if (auto const route = skip_source_route(path, utf8); !route) {
    return std::unexpected{route.error()};
  }
  auto mailbox = take_mailbox(path, ">", utf8);
  if (mailbox && path != ">") return std::unexpected{AddressError::syntax};
  return mailbox;
}

bool needs_quotes(std::string_view local_part) {
  bool atom_open = false;
  for (char const c : local_part) {
    if (c == '.' ? !atom_open : !is_atext(c)) return true;
    atom_open = c != '.';
  }
  return !atom_open;
}
}  // namespace

std::string Mailbox::text() const {
  std::string out;
  if (!needs_quotes(local_part)) {
    out = local_part;
  } else {
    out = '"';
    for (char const c : local_part) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  if (!domain.text.empty()) out += '@' + domain.text;
  return out;
}

bool Mailbox::is_internationalized() const {
  return !utf8::is_ascii(local_part) || !utf8::is_ascii(domain.text);
}

bool operator==(Mailbox const& a, Mailbox const& b) {
  return a.local_part == b.local_part && a.domain == b.domain;
}

std::expected<Mailbox, AddressError> parse_mailbox(std::string_view text, Utf8 utf8) {
  if (text.size() + 2 > limits::path_octets_max) return std::unexpected{AddressError::path_long};
  if (auto const fine = check_characters(text, utf8); !fine) return std::unexpected{fine.error()};
  auto mailbox = take_mailbox(text, "", utf8);
  if (mailbox && !text.empty()) return std::unexpected{AddressError::syntax};
  return mailbox;
}

std::expected<ReversePath, AddressError> take_reverse_path(std::string_view& text, Utf8 utf8) {
  auto const length = path_length(text);
  if (!length) return std::unexpected{AddressError::syntax};
  ReversePath path;
  if (text.substr(0, *length) != "<>") {
    auto mailbox = parse_path(text.substr(0, *length), utf8);
    if (!mailbox) return std::unexpected{mailbox.error()};
    path.mailbox = std::move(*mailbox);
  }
  text.remove_prefix(*length);
  return path;
}

std::expected<Mailbox, AddressError> take_forward_path(std::string_view& text, Utf8 utf8) {
  auto const length = path_length(text);
  if (!length) return std::unexpected{AddressError::syntax};
  auto const path = text.substr(0, *length);
  std::expected<Mailbox, AddressError> mailbox =
      ascii::iequals(path, "<Postmaster>") ? std::expected<Mailbox, AddressError>{Mailbox{
                                                 std::string{path.substr(1, path.size() - 2)}, {}}}
                                           : parse_path(path, utf8);
  if (mailbox) text.remove_prefix(*length);
  return mailbox;
}
}  // namespace pb::mail
