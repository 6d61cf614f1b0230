// entry_lines.cpp: see entry_lines.hpp.                      Spec: docs/reference/admin-api.md.
#include "cli/entry_lines.hpp"

#include <ostream>

#include "base/encoding.hpp"

namespace pb::cli {
namespace json = boost::json;

std::string text_of(json::object const& object, std::string_view name) {
  json::value const* const value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) return escape_for_display(value->as_string(), 400);
  return json::serialize(*value);
}

void print_entry(Terminal& terminal, json::object const& entry, std::string_view indent) {
  terminal.out() << indent << text_of(entry, "at") << "  "
                 << terminal.styled(Style::strong, text_of(entry, "kind"));
  for (auto const& [key, value] : entry) {
    bool const said = key == "cursor" || key == "at" || key == "kind" || key == "id";
    if (said || key == "line") continue;
    std::string shown;
    if (value.is_array()) {
      for (json::value const& one : value.as_array()) {
        shown += (shown.empty() ? "" : ",") + escape_for_display(one.as_string(), 320);
      }
    } else {
      shown = text_of(entry, key);
    }
    if (!shown.empty()) terminal.out() << "  " << std::string_view{key} << '=' << shown;
  }
  terminal.out() << '\n';
  json::value const* const lines = entry.if_contains("line");
  if (lines == nullptr) return;
  for (json::value const& line : lines->as_array()) {
    terminal.out() << indent << "    " << escape_for_display(line.as_string(), 1200) << '\n';
  }
}
}  // namespace pb::cli
