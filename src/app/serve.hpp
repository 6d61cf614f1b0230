// serve.hpp: runs a server from a configuration until it is told to stop.
// Spec: ARCHITECTURE.md decision 8 (start order).              Tests: tests/end_to_end
// Not here: the command line (cli/serve), each part (runtime/, queue/, delivery/).
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/sandbox.hpp"

namespace pb::app {
struct ServeOptions {
  std::string config_file;                // of a real server
  std::optional<SandboxOptions> sandbox;  // or the test mail server
  bool log_to_terminal = false;           // decides log.format = "auto"
  bool log_colour = false;
  /// Called once, when every port answers.
  std::function<void(Config const&)> announce = [](Config const&) {};
};

/// Why it did not start.
struct ServeFailure {
  enum class Kind { configuration, ports, data, system };
  Kind kind = Kind::system;
  std::string text;  // one or more sentences that say what to change
};

/// Blocks until SIGTERM or SIGINT (drains; a second one stops at once). SIGHUP reloads.
std::expected<void, ServeFailure> serve(ServeOptions const& options);
}  // namespace pb::app
