// policy_record.cpp: see policy_record.hpp.                 Spec: RFC 8461 §3.1, RFC 8460 §3.
#include "base/policy_record.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace pb {
bool is_policy_record(std::string_view text, std::string_view version) {
  if (!text.starts_with(version)) return false;
  std::string_view const first = text.substr(0, text.find(';'));
  return ascii::trim(first.substr(version.size())).empty();
}

std::optional<std::vector<PolicyField>> policy_fields(std::string_view text) {
  std::vector<PolicyField> out;
  auto const parts = ascii::split(text, ';');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::string_view const part = ascii::trim(parts[i]);
    if (part.empty() && i + 1 == parts.size()) break;
    std::size_t const equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    out.push_back({part.substr(0, equals), part.substr(equals + 1)});
  }
  return out;
}

bool is_policy_extension_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && ascii::is_alnum(name.front()) &&
         std::ranges::all_of(
             name, [](char c) { return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool is_policy_extension(PolicyField const& field) {
  return is_policy_extension_name(field.name) && !field.value.empty() &&
         std::ranges::all_of(field.value,
                             [](char c) { return ascii::is_vchar(c) && c != '=' && c != ';'; });
}
}  // namespace pb
