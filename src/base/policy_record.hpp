// policy_record.hpp: the fields of a TXT record "v=NAMEv1; name=value; ...".
// Spec: RFC 8461 §3.1 (sts-text-record), RFC 8460 §3 (tlsrpt-record): one syntax for both.
// Tests: mtasts/record_test.cpp, tlsrpt/record_test.cpp. Not here: what a field means.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace pb {
struct PolicyField {
  std::string_view name;
  std::string_view value;
};
/// Does the text begin with `version` ("v=STSv1"), alone or before a semicolon?
bool is_policy_record(std::string_view text, std::string_view version);
/// The fields behind the version, as they stand, into `text`; nothing when one is no name=value.
std::optional<std::vector<PolicyField>> policy_fields(std::string_view text);
/// sts-ext-name = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
bool is_policy_extension_name(std::string_view name);
/// An extension's name and value; the value is visible characters without "=" and ";".
bool is_policy_extension(PolicyField const& field);
}  // namespace pb
