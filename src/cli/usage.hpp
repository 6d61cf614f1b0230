// usage.hpp: a wrong command line, told in the reader's language, with the nearest right word.
// Spec: docs/reference/command-line.md (exit code 64).              Tests: program_test.cpp
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"
#include "cli/usage_messages.hpp"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace pb::cli {
/// "packetboat: TEXT", and where `help_of` is not null, the help to ask for ("" the program's own).
Exit usage(Terminal& terminal, std::string_view text, char const* help_of = nullptr);
/// "; did you mean ...?" in `language`, or nothing.
std::string did_you_mean(text::Language language, std::string_view word,
                         std::span<std::string_view const> candidates);
/// What is wrong. `app` is the program; its parsed subcommands name the options that there are.
std::string problem_of(text::Language language, CLI::App const& app, CLI::ParseError const& error);
/// --lang of the arguments, which counts also where the rest of them is wrong.
void take_language(std::span<std::string const> arguments, Terminal& terminal);
}  // namespace pb::cli
