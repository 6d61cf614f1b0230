// gateway.hpp: asks the running server, or the store itself when none runs: the same questions.
// Spec: docs/reference/admin-api.md.                      Tests: tests/end_to_end/users_test.py
// Not here: the questions (api/), opening a store (app/offline).
#pragma once

#include <boost/json/value.hpp>
#include <expected>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cli/terminal.hpp"

namespace CLI {
class App;
}

namespace pb::cli {
namespace json = boost::json;

/// Which server or store is meant: --config, --data, or the one that is found.
struct Target {
  std::string config;
  std::string data;
};
/// Adds --config and --data to a command.
void add_target(CLI::App& command, Target& target);

enum class Without { refuse, read_only, read_write, salvage };  // what to do when no server runs

struct Question {
  std::string method = "GET";
  std::string path;       // escaped, with its query
  json::value body = {};  // null: none
  Without without = Without::read_only;
  Duration wait = std::chrono::seconds{30};
};
struct Failure {
  Exit exit = Exit::software;
  std::string text;
};
struct Answer {
  std::string body;   // as it came
  bool live = false;  // a running server gave it
  [[nodiscard]] json::value as_json() const;
};
std::expected<Answer, Failure> ask(Target const& target, Question const& question);

/// Prints the failure to standard error and gives its exit code.
Exit report(Terminal& terminal, Failure const& failure);
/// Adds "name=value" to a path that may have a query already; nothing when the value is empty.
void add_query(std::string& path, std::string_view name, std::string_view value);
}  // namespace pb::cli
