// steer.cpp: packetboat health and packetboat reload: two questions to a running server.
// Spec: docs/reference/command-line.md.                   Tests: tests/end_to_end/serve_test.py
// Not here: what reload does (app/serve).
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/gateway.hpp"

namespace pb::cli {
namespace {
struct SteerOptions {
  Target target;
  bool json = false;
};

std::string shown(json::value const& value) {
  return value.is_string() ? escape_for_display(value.as_string(), 400) : json::serialize(value);
}

Exit run_health(SteerOptions const& options, Terminal& terminal) {
  auto const answer = ask(options.target, {.path = "/health", .without = Without::refuse});
  if (!answer) return report(terminal, answer.error());
  json::value const body = answer->as_json();
  if (options.json) {
    terminal.out() << answer->body;
  } else {
    for (auto const& [name, value] : body.as_object())
      terminal.out() << std::string{name} << ": " << shown(value) << '\n';
  }
  bool const good = body.at("status").as_string() == "ok";
  return good ? Exit::ok : Exit::not_usable;
}

Exit run_reload(SteerOptions const& options, Terminal& terminal) {
  auto const answer =
      ask(options.target, {.method = "POST", .path = "/reload", .without = Without::refuse});
  if (!answer) return report(terminal, answer.error());
  if (options.json)
    terminal.out() << answer->body;
  else
    terminal.out() << shown(answer->as_json().at("message")) << '\n';
  return Exit::ok;
}

using Run = Exit (*)(SteerOptions const&, Terminal&);
void add(CLI::App& command, Action& action, Run run) {
  auto options = std::make_shared<SteerOptions>();
  add_target(command, options->target);
  command.add_flag("--json", options->json, "print JSON");
  command.callback([options, run, &action] {
    action = [options, run](Terminal& terminal) { return run(*options, terminal); };
  });
}
}  // namespace

void add_health(CLI::App& command, Action& action) {
  add(command, action, run_health);
  command.footer("Exit 0 when all is well, 2 when not, 69 when no server runs.");
}
void add_reload(CLI::App& command, Action& action) {
  add(command, action, run_reload);
  command.footer("Reads and checks everything; changes all of it, or nothing and says why.");
}
}  // namespace pb::cli
