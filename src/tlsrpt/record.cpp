// record.cpp: see record.hpp.                                                 Spec: RFC 8460 §3.
#include "tlsrpt/record.hpp"

#include "base/ascii.hpp"
#include "base/policy_record.hpp"

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
}  // namespace

bool is_record(std::string_view text) { return is_policy_record(text, "v=TLSRPTv1"); }

/// tlsrpt-record = tlsrpt-version 1*(field-delim tlsrpt-field) [field-delim]
/// tlsrpt-rua = %s"rua=" tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri)
std::expected<Record, Error> parse_record(std::string_view text) {
  if (!is_record(text)) return fail("it does not begin with v=TLSRPTv1");
  auto const fields = policy_fields(text);
  if (!fields) return fail("a part is no \"name=value\"");
  Record out;
  for (PolicyField const& field : *fields) {
    if (field.name != "rua") {
      if (!is_policy_extension(field)) return fail("a part is no \"name=value\"");
      continue;
    }
    for (std::string_view const uri : ascii::split(field.value, ',')) {
      if (!is_report_uri(ascii::trim(uri))) return fail("rua is no mailto: or https: URI");
      if (out.report_uris.size() == uris_max) return fail("it has too many URIs");
      out.report_uris.emplace_back(ascii::trim(uri));
    }
  }
  if (out.report_uris.empty()) return fail("rua is missing");
  return out;
}
}  // namespace pb::tlsrpt
