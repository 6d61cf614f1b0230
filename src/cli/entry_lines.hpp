// entry_lines.hpp: values and journal entries of the admin API as lines on a terminal.
// Spec: docs/reference/admin-api.md.                        Tests: tests/end_to_end/queue_test.py
// Not here: tables and summaries (queue.cpp, explain_queue.cpp, journal.cpp).
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"

namespace pb::cli {
/// The member as text for a terminal: a string escaped and cut, anything else as JSON; absent or
/// null: empty.
std::string text_of(boost::json::object const& object, std::string_view name);
/// An entry of the journal: time, kind and fields in one line, then a transcript's lines.
void print_entry(Terminal& terminal, boost::json::object const& entry,
                 std::string_view indent = "");
}  // namespace pb::cli
