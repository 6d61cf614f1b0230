// journal.cpp: packetboat journal tail|replay: what happened to accepted messages.
// Spec: docs/reference/command-line.md.                         Tests:
// tests/end_to_end/queue_test.py Not here: entries (journal/), reading them
// (runtime/journal_reader).
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/gateway.hpp"

namespace pb::cli {
namespace {
constexpr auto patience = std::chrono::seconds{20};

struct JournalOptions {
  Target target;
  std::uint64_t since = 3600, count = 0;
  bool json = false;
};

void print_line(Terminal& terminal, JournalOptions const& options, json::object const& entry) {
  if (options.json) {
    terminal.out() << json::serialize(entry) << '\n';
    return;
  }
  auto const text = [&](char const* name) {
    json::value const* const value = entry.if_contains(name);
    return value == nullptr || !value->is_string() ? std::string{}
                                                   : escape_for_display(value->as_string(), 200);
  };
  terminal.out() << text("at") << ' ' << text("id") << ' '
                 << terminal.styled(Style::strong, text("kind"));
  if (json::value const* const to = entry.if_contains("recipient")) {
    for (json::value const& one : to->as_array()) {
      terminal.out() << ' ' << escape_for_display(one.as_string(), 320);
    }
  }
  for (char const* const name : {"reason", "code", "text", "host", "actor"}) {
    if (std::string const value = text(name); !value.empty()) {
      terminal.out() << ' ' << name << '=' << value;
    }
  }
  terminal.out() << '\n';
}

/// Prints what is there; the cursor behind it, or the exit code.
std::expected<std::uint64_t, Failure> print_page(Terminal& terminal, JournalOptions const& options,
                                                 std::string const& path, std::size_t& printed) {
  auto const answer =
      ask(options.target, {.path = path, .wait = patience + std::chrono::seconds{20}});
  if (!answer) return std::unexpected(answer.error());
  json::value const body = answer->as_json();
  for (json::value const& entry : body.at("entries").as_array()) {
    print_line(terminal, options, entry.as_object());
    ++printed;
  }
  terminal.out().flush();
  return body.at("next").to_number<std::uint64_t>();
}

Exit run_replay(JournalOptions const& options, Terminal& terminal) {
  std::string path = "/journal?limit=1000&since=" + std::to_string(options.since);
  for (;;) {
    std::size_t printed = 0;
    auto const next = print_page(terminal, options, path, printed);
    if (!next) return report(terminal, next.error());
    if (printed == 0) return Exit::ok;
    path = "/journal?limit=1000&cursor=" + std::to_string(*next);
  }
}

/// Until interrupted, or until `count` entries came.
Exit run_tail(JournalOptions const& options, Terminal& terminal) {
  std::string const wait = "&wait=" + std::to_string(std::chrono::milliseconds{patience}.count());
  std::string path = "/journal?from=end" + wait;
  std::size_t printed = 0;
  while (options.count == 0 || printed < options.count) {
    auto const next = print_page(terminal, options, path, printed);
    if (!next) return report(terminal, next.error());
    path = "/journal?cursor=" + std::to_string(*next) + wait;
  }
  return Exit::ok;
}
}  // namespace

void add_journal(CLI::App& command, Action& action) {
  auto options = std::make_shared<JournalOptions>();  // shared: kept by both callbacks
  add_target(command, options->target);
  command.require_subcommand(1);
  auto& tail = *command.add_subcommand("tail", "print what happens from now on");
  tail.add_option("--count", options->count, "end after so many entries");
  tail.add_flag("--json", options->json, "one JSON object a line");
  tail.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_tail(*options, terminal); };
  });
  auto& replay = *command.add_subcommand("replay", "print what happened since a time");
  add_seconds(replay, "--since", options->since, "so long ago (1h): 2d, 90m, 3600");
  replay.add_flag("--json", options->json, "one JSON object a line");
  replay.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_replay(*options, terminal); };
  });
  command.footer("Examples:\n  packetboat journal tail\n  packetboat journal replay --since 1d");
}
}  // namespace pb::cli
