// usage.cpp: see usage.hpp. The parser's own sentences are English: only the words that it quotes
// are taken out of them.
// Spec: docs/reference/command-line.md.                             Tests: program_test.cpp
#include "cli/usage.hpp"

#include <CLI/CLI.hpp>
#include <ostream>
#include <vector>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/nearest.hpp"

namespace pb::cli {
using text::say;
namespace {
constexpr std::size_t word_octets_max = 64;

CLI::App const& deepest(CLI::App const& app) {
  CLI::App const* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

/// "--port: 1 required TEXT missing" is {"--port", "1 required TEXT missing"}.
std::pair<std::string, std::string> halves(std::string_view what) {
  auto const colon = what.find(": ");
  if (colon == std::string_view::npos) return {std::string{what}, {}};
  return {escape_for_display(what.substr(0, colon), word_octets_max),
          escape_for_display(ascii::trim(what.substr(colon + 2)), 200)};
}

/// A word that nobody expected: a mistyped option, or one word too many.
std::string unexpected(text::Language language, CLI::App const& app, std::string_view words) {
  std::string_view const word = ascii::split(words, ' ').front();
  std::string const shown = escape_for_display(word, word_octets_max);
  if (!word.starts_with('-')) return say(language, usage_text("too_much"), shown);
  std::vector<std::string> names;
  for (CLI::App const* of : {&deepest(app), &app}) {
    for (CLI::Option const* option : of->get_options())
      for (std::string const& name : option->get_lnames()) names.push_back("--" + name);
  }
  std::vector<std::string_view> const views{names.begin(), names.end()};
  return say(language, usage_text("no_option"), shown) +
         did_you_mean(language, word.substr(0, word.find('=')), views);
}
}  // namespace

Exit usage(Terminal& terminal, std::string_view text, char const* help_of) {
  terminal.err() << terminal.styled(Style::bad, "packetboat: ") << text << '\n';
  if (help_of != nullptr) {
    std::string const command =
        std::string{"packetboat"} + (*help_of == '\0' ? "" : " ") + help_of + " --help";
    terminal.err() << say(terminal.language(), usage_text("try"), command) << '\n';
  }
  return Exit::usage;
}

std::string did_you_mean(text::Language language, std::string_view word,
                         std::span<std::string_view const> candidates) {
  auto const near = nearest(word, candidates);
  return near ? say(language, usage_text("did_you_mean"), *near) : std::string{};
}

std::string problem_of(text::Language language, CLI::App const& app, CLI::ParseError const& error) {
  std::string const what = error.what();
  auto const [name, detail] = halves(what);
  if (dynamic_cast<CLI::ExtrasError const*>(&error) != nullptr)
    return unexpected(language, app, detail);
  if (dynamic_cast<CLI::RequiredError const*>(&error) != nullptr) {
    std::string_view word = what;
    if (word.starts_with("A subcommand")) return std::string{usage_text("say_what").in(language)};
    if (auto const end = word.find(" is required"); end != std::string_view::npos)
      word = word.substr(0, end);
    return say(language, usage_text("missing"), escape_for_display(word, word_octets_max));
  }
  if (detail.empty()) return say(language, usage_text("other"), escape_for_display(what, 400));
  if (dynamic_cast<CLI::ArgumentMismatch const*>(&error) != nullptr)
    return say(language, usage_text("no_value"), name, detail);
  return say(language, usage_text("bad_value"), name, detail);
}

void take_language(std::span<std::string const> arguments, Terminal& terminal) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view value = arguments[i];
    if (value == "--") return;
    if (value == "--lang" && i + 1 < arguments.size()) {
      value = arguments[i + 1];
    } else if (value.starts_with("--lang=")) {
      value.remove_prefix(7);
    } else {
      continue;
    }
    if (auto const language = text::parse_language(value)) terminal.set_language(*language);
  }
}
}  // namespace pb::cli
