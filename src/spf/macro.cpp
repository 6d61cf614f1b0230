// macro.cpp: see macro.hpp.                                                  Spec: RFC 7208 §7.
#include "spf/macro.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/ascii.hpp"
#include "base/encoding.hpp"

namespace pb::spf {
namespace {
constexpr std::string_view delimiters = ".-+,/_=";
constexpr std::string_view letters = "slodiphv";
constexpr std::string_view explanation_letters = "crt";

/// macro-expand = ( "%{" macro-letter transformers *delimiter "}" ) / "%%" / "%_" / "%-"
/// transformers = *DIGIT [ "r" ]
struct Expand {
  char letter = 0;           // lower case; or one of % _ - for the escapes
  bool url_escape = false;   // the letter was upper case (§7.3)
  unsigned keep_labels = 0;  // 0: all of them
  bool reverse = false;
  std::string_view split_at = ".";
  std::size_t octets = 0;  // taken from the text
  char const* problem = nullptr;
};

Expand fail(char const* problem) {
  Expand out;
  out.problem = problem;
  return out;
}

/// `text` begins at the '%'.
Expand parse_expand(std::string_view text, MacroUse use) {
  Expand out;
  if (text.size() >= 2 && (text[1] == '%' || text[1] == '_' || text[1] == '-')) {
    out.letter = text[1];
    out.octets = 2;
    return out;
  }
  std::size_t const end = text.find('}');
  if (text.size() < 3 || text[1] != '{') return fail("'%' needs '{', '%', '_' or '-' behind it");
  if (end == std::string_view::npos) return fail("a macro is not closed by '}'");
  std::string_view inner = text.substr(2, end - 2);
  if (inner.empty()) return fail("a macro has no letter");
  out.letter = ascii::lower(inner[0]);
  out.url_escape = inner[0] != out.letter;
  bool const known = letters.contains(out.letter);
  bool const explained = explanation_letters.contains(out.letter);
  if (!known && !explained) return fail("unknown macro letter");
  if (explained && use == MacroUse::domain_spec) {
    return fail("macro letters c, r and t are for explanations only");
  }
  inner.remove_prefix(1);
  std::size_t const digits = std::min(inner.find_first_not_of("0123456789"), inner.size());
  if (digits > 0) {
    // More labels than a name can have means all of them.
    unsigned keep = 0;
    for (char c : inner.substr(0, digits)) keep = std::min(1000U, keep * 10 + (c - '0'));
    if (keep == 0) return fail("a macro keeps zero labels");
    out.keep_labels = keep;
    inner.remove_prefix(digits);
  }
  if (!inner.empty() && ascii::lower(inner[0]) == 'r') {
    out.reverse = true;
    inner.remove_prefix(1);
  }
  if (inner.find_first_not_of(delimiters) != std::string_view::npos) {
    return fail("unknown character in a macro");
  }
  if (!inner.empty()) out.split_at = inner;
  out.octets = end + 1;
  return out;
}

std::string dotted_address(IpAddress const& ip) {
  if (ip.is_v4()) return ip.text();
  // Upper case, as the RFC 7208 test suite has it; DNS does not care.
  std::string const hex = ascii::to_upper(
      hex_encode({reinterpret_cast<char const*>(ip.bytes().data()), ip.bytes().size()}));
  std::string out;
  for (char c : hex) {
    if (!out.empty()) out.push_back('.');
    out.push_back(c);
  }
  return out;
}

std::string value_of(char letter, MacroValues const& values) {
  switch (letter) {
    case 's':
      return fmt::format("{}@{}", values.sender_local, values.sender_domain);
    case 'l':
      return std::string{values.sender_local};
    case 'o':
      return std::string{values.sender_domain};
    case 'd':
      return std::string{values.domain};
    case 'i':
      return dotted_address(values.ip);
    case 'p':
      return std::string{values.validated.empty() ? "unknown" : values.validated};
    case 'v':
      return values.ip.is_v4() ? "in-addr" : "ip6";
    case 'h':
      return std::string{values.helo};
    case 'c':
      return values.ip.text();
    case 'r':
      return std::string{values.receiver.empty() ? "unknown" : values.receiver};
    case 't':
      return std::to_string(
          std::chrono::duration_cast<std::chrono::seconds>(values.now.time_since_epoch()).count());
  }
  return {};
}

/// §7.3: split, reverse, keep the rightmost labels, join with dots.
std::string transform(std::string const& value, Expand const& how) {
  if (how.keep_labels == 0 && !how.reverse && how.split_at == ".") return value;
  std::vector<std::string_view> parts;
  std::string_view rest = value;
  for (;;) {
    std::size_t const at = rest.find_first_of(how.split_at);
    parts.push_back(rest.substr(0, at));
    if (at == std::string_view::npos) break;
    rest.remove_prefix(at + 1);
  }
  if (how.reverse) std::ranges::reverse(parts);
  std::size_t const keep = how.keep_labels == 0 ? parts.size() : how.keep_labels;
  std::size_t const first = parts.size() > keep ? parts.size() - keep : 0;
  std::string out;
  for (std::size_t i = first; i < parts.size(); ++i) {
    if (i != first) out.push_back('.');
    out += parts[i];
  }
  return out;
}

/// RFC 3986 §2.3: everything but the unreserved characters is escaped.
std::string url_escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (ascii::is_alnum(c) || std::string_view{"-._~"}.contains(c)) {
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

/// toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum )
bool is_toplabel(std::string_view label) {
  if (label.empty() || !ascii::is_alnum(label.front()) || !ascii::is_alnum(label.back())) {
    return false;
  }
  bool const allowed =
      std::ranges::all_of(label, [](char c) { return ascii::is_alnum(c) || c == '-'; });
  return allowed && !std::ranges::all_of(label, ascii::is_digit);
}
}  // namespace

char const* macro_problem(std::string_view text, MacroUse use) {
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '%') {
      Expand const expand = parse_expand(text.substr(i), use);
      if (expand.problem != nullptr) return expand.problem;
      i += expand.octets;
      continue;
    }
    // macro-literal = %x21-24 / %x26-7E; an explanation has spaces between (§6.2).
    bool const space = use == MacroUse::explanation && text[i] == ' ';
    if (!space && !ascii::is_vchar(text[i])) return "a character that is no visible ASCII";
    ++i;
  }
  return nullptr;
}

/// domain-end = ( "." toplabel [ "." ] ) / macro-expand
char const* domain_spec_problem(std::string_view text) {
  if (text.empty()) return "the domain is missing";
  if (auto const* problem = macro_problem(text, MacroUse::domain_spec)) return problem;
  std::size_t last_expand_end = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t const octets =
        text[i] == '%' ? parse_expand(text.substr(i), MacroUse::domain_spec).octets : 1;
    if (text[i] == '%') last_expand_end = i + octets;
    i += octets;
  }
  if (last_expand_end == text.size()) return nullptr;
  if (text.ends_with('.')) text.remove_suffix(1);
  std::size_t const dot = text.rfind('.');
  // A dot inside the last macro is no label's.
  if (dot == std::string_view::npos || dot < last_expand_end) {
    return "the domain has only one label";
  }
  if (!is_toplabel(text.substr(dot + 1))) return "the last label is no top-level label";
  return nullptr;
}

bool uses_validated_name(std::string_view text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (text[i + 1] == '{' && ascii::lower(text[i + 2]) == 'p') return true;
    ++i;  // an escape: its second character begins nothing
  }
  return false;
}

std::optional<std::string> expand(std::string_view text, MacroValues const& values, MacroUse use) {
  if (macro_problem(text, use) != nullptr) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '%') {
      out.push_back(text[i++]);
      continue;
    }
    Expand const how = parse_expand(text.substr(i), use);
    i += how.octets;
    if (how.letter == '%') {
      out.push_back('%');
    } else if (how.letter == '_') {
      out.push_back(' ');
    } else if (how.letter == '-') {
      out += "%20";
    } else {
      std::string const value = transform(value_of(how.letter, values), how);
      out += how.url_escape ? url_escaped(value) : value;
    }
  }
  return out;
}

std::string fit_domain(std::string expanded) {
  if (expanded.ends_with('.')) expanded.pop_back();
  constexpr std::size_t octets_max = 253;
  if (expanded.size() <= octets_max) return expanded;
  std::size_t const dot = expanded.find('.', expanded.size() - octets_max - 1);
  return dot == std::string::npos ? std::string{} : expanded.substr(dot + 1);
}
}  // namespace pb::spf
