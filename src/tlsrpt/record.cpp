// record.cpp: see record.hpp.                                                 Spec: RFC 8460 §3.
#include "tlsrpt/record.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace pb::tlsrpt {
namespace {
constexpr std::size_t uris_max = 32;

std::unexpected<Error> fail(char const* problem) { return std::unexpected{Error{problem}}; }

/// URI of RFC 3986 with a scheme that RFC 8460 §3 knows; every '%' begins two hex digits.
bool is_report_uri(std::string_view uri) {
  bool const scheme = ascii::istarts_with(uri, "mailto:") || ascii::istarts_with(uri, "https:");
  if (!scheme || uri.size() == uri.find(':') + 1) return false;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    if (!ascii::is_vchar(uri[i])) return false;
    if (uri[i] != '%') continue;
    if (i + 2 >= uri.size() || !ascii::is_hex(uri[i + 1]) || !ascii::is_hex(uri[i + 2])) {
      return false;
    }
  }
  return true;
}

bool is_extension(std::string_view name, std::string_view value) {
  bool const good_name = !name.empty() && name.size() <= 32 && ascii::is_alnum(name.front()) &&
                         std::ranges::all_of(name, [](char c) {
                           return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.';
                         });
  return good_name && !value.empty() && std::ranges::all_of(value, [](char c) {
           return ascii::is_vchar(c) && c != '=' && c != ';';
         });
}
}  // namespace

bool is_record(std::string_view text) {
  std::string_view const version = text.substr(0, text.find(';'));
  return text.starts_with("v=TLSRPTv1") && ascii::trim(version.substr(10)).empty();
}

/// tlsrpt-record = tlsrpt-version 1*(field-delim tlsrpt-field) [field-delim]
/// tlsrpt-rua = %s"rua=" tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri)
std::expected<Record, Error> parse_record(std::string_view text) {
  if (!is_record(text)) return fail("it does not begin with v=TLSRPTv1");
  Record out;
  auto const parts = ascii::split(text, ';');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::string_view const part = ascii::trim(parts[i]);
    if (part.empty() && i + 1 == parts.size()) break;
    std::size_t const equals = part.find('=');
    if (equals == std::string_view::npos) return fail("a part is no \"name=value\"");
    std::string_view const name = part.substr(0, equals);
    std::string_view const value = part.substr(equals + 1);
    if (name != "rua") {
      if (!is_extension(name, value)) return fail("a part is no \"name=value\"");
      continue;
    }
    for (std::string_view const uri : ascii::split(value, ',')) {
      if (!is_report_uri(ascii::trim(uri))) return fail("rua is no mailto: or https: URI");
      if (out.report_uris.size() == uris_max) return fail("it has too many URIs");
      out.report_uris.emplace_back(ascii::trim(uri));
    }
  }
  if (out.report_uris.empty()) return fail("rua is missing");
  return out;
}
}  // namespace pb::tlsrpt
