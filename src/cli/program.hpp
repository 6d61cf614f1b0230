// program.hpp: the command line, from arguments to an exit code.           Tests: program_test.cpp
// Spec: docs/reference/command-line.md.                Not here: the commands (commands.cpp).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"

namespace CLI {
class App;
}

namespace pb::cli {
std::string_view version();

/// Runs the command that `arguments` (without the program's name) ask for. Catches what commands
/// throw at start-up and prints it; never throws.
Exit run(std::span<std::string const> arguments, Terminal& terminal);
}  // namespace pb::cli
