// program.cpp: the command line, from arguments to an exit code.           Tests: program_test.cpp
// Spec: docs/reference/command-line.md; exit codes terminal.hpp.
// Not here: the commands (commands.cpp).
#include "cli/program.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <ostream>
#include <vector>

#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/sendmail.hpp"
#include "cli/usage.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
struct Wish {
  text::Text text;
  std::string_view command;
};
constexpr Wish wishes[] = {
    {usage_text("want_port"), "packetboat probe smtp.example.com"},
    {usage_text("want_error"), "packetboat explain \"paste it here\""},
    {usage_text("want_message"), "packetboat queue list"},
    {usage_text("want_sandbox"), "packetboat serve --sandbox"},
    {usage_text("want_server"), "packetboat init && packetboat serve"},
    {usage_text("want_domain"), "packetboat domain check example.com"},
};

std::string six_lines(text::Language language) {
  text::Table table;
  for (auto const& wish : wishes)
    table.row({std::string{wish.text.in(language)}, std::string{wish.command}});
  return std::string{usage_text("want").in(language)} + "\n" + table.render();
}

constexpr std::string_view examples = R"(Examples:
  packetboat serve --sandbox             a test mail server, no configuration
  packetboat inbox list                  what it has caught
  packetboat serve --config mail.toml    a real one
  packetboat COMMAND --help              the options of a command, with examples
)";

struct Globals {
  std::string language;
  bool version = false;
};

void build(CLI::App& app, Globals& globals, Action& action) {
  app.description("Packetboat: a mail server for ports 25, 465, 587 and 2525, and an advisor.");
  app.name("packetboat");
  app.footer(std::string{examples});
  app.get_formatter()->column_width(28);
  app.add_flag("--version", globals.version, "print the version");
  app.add_option("--lang", globals.language, "language of answers: en, zh-Hant, zh-Hans")
      ->type_name("TAG");
  app.fallthrough();
  app.require_subcommand(0, 1);
  for (Command const& row : commands()) {
    CLI::App* command = app.add_subcommand(std::string{row.name}, std::string{row.summary});
    command->group(std::string{title_of(row.group)});
    command->fallthrough();
    row.add(*command, action);
  }
}

/// The first word that is no option, and is no command: what it was probably meant to be.
std::string unknown_command(text::Language language, std::string_view word) {
  std::vector<std::string_view> names;
  for (Command const& row : commands()) names.push_back(row.name);
  return text::say(language, usage_text("no_command"), escape_for_display(word, 64)) +
         did_you_mean(language, word, names);
}

bool is_command(std::string_view word) {
  return std::ranges::any_of(commands(), [&](Command const& row) { return row.name == word; });
}

/// "help user add" is "user add --help"; "help" alone is "--help".
std::vector<std::string> without_help_word(std::span<std::string const> arguments) {
  std::vector<std::string> out{arguments.begin(), arguments.end()};
  if (out.empty() || out.front() != "help") return out;
  out.erase(out.begin());
  out.emplace_back("--help");
  return out;
}

Exit parse_and_run(std::vector<std::string> arguments, Terminal& terminal) {
  Globals globals;
  Action action;
  CLI::App app;
  build(app, globals, action);
  std::string const word = arguments.empty() ? std::string{} : arguments.front();
  bool const named = !word.empty() && !word.starts_with('-');
  take_language(arguments, terminal);
  if (named && !is_command(word))
    return usage(terminal, unknown_command(terminal.language(), word), "");
  try {
    std::ranges::reverse(arguments);  // CLI11 takes its vector from the end
    app.parse(arguments);
  } catch (CLI::CallForHelp const&) {
    CLI::App const* deepest = &app;
    std::string before;  // what stands in front of the name in "Usage:"
    while (!deepest->get_subcommands().empty()) {
      before += (before.empty() ? "" : " ") + deepest->get_name();
      deepest = deepest->get_subcommands().front();
    }
    terminal.out() << deepest->help(before);
    return Exit::ok;
  } catch (CLI::ParseError const& error) {
    return usage(terminal, problem_of(terminal.language(), app, error), named ? word.c_str() : "");
  }
  if (!globals.language.empty()) {
    auto const language = text::parse_language(globals.language);
    if (!language) return usage(terminal, usage_text("lang").in(terminal.language()), "");
    terminal.set_language(*language);
  }
  if (globals.version) {
    terminal.out() << "packetboat " << version() << '\n';
    return Exit::ok;
  }
  if (action) return action(terminal);
  if (named) return usage(terminal, usage_text("say_what").in(terminal.language()), word.c_str());
  terminal.out() << six_lines(terminal.language());
  return Exit::ok;
}
}  // namespace

std::string_view version() { return PB_VERSION; }

Exit run(std::span<std::string const> arguments, Terminal& terminal) {
  try {
    // Its options are not ours to parse: "-oi", "-fyou@example.com".
    bool const sendmail = arguments.size() > 1 && arguments.front() == "sendmail" &&
                          arguments[1] != "--help" && arguments[1] != "-h";
    if (sendmail) return run_sendmail("sendmail", arguments.subspan(1), terminal);
    return parse_and_run(without_help_word(arguments), terminal);
  } catch (std::exception const& error) {
    terminal.err() << terminal.styled(Style::bad, "packetboat: ")
                   << escape_for_display(error.what(), 1000) << '\n';
    return Exit::software;
  }
}
}  // namespace pb::cli
