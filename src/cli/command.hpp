// command.hpp: how a subcommand is made: a row in commands.cpp and one file of its own.
// Spec: docs/reference/command-line.md.                       Not here: what commands do.
//
// In src/cli/probe.cpp:
//   void add_probe(CLI::App& command, Action& action) {
//     auto options = std::make_shared<ProbeOptions>();     // shared: kept by both callbacks
//     command.add_option("host", options->host, "the server to ask")->required();
//     command.footer("Examples:\n  packetboat probe smtp.example.com");
//     command.callback([options, &action] {
//       action = [options](Terminal& terminal) { return run_probe(*options, terminal); };
//     });
//   }
// The declaration goes to commands.hpp, the row to commands.cpp. Subcommands of a command
// (`user add`) are made with command.add_subcommand() and set `action` in the same way.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"

namespace CLI {
class App;
}

namespace pb::cli {
/// What the parsed command line asks for; run once, after parsing. Throws nothing that it expects.
using Action = std::function<Exit(Terminal&)>;
using Register = void (*)(CLI::App& command, Action& action);

enum class Group { find_out, send, test_server, run_server, authentication };

/// An option that is a time: "3600" (seconds), "90m", "1d".
void add_seconds(CLI::App& command, std::string const& name, std::uint64_t& seconds,
                 std::string const& help);

struct Command {
  std::string_view name;
  Group group;
  std::string_view summary;  // begins with a verb, no full stop, at most 60 columns
  Register add;
};
}  // namespace pb::cli
