// advise.cpp: `packetboat advise`: which port for this program, from there, through that provider.
// Spec: docs/reference/command-line.md. Known policy only; `probe` measures.
// Not here: the choice itself (advisor/screens).
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "advisor/messages.hpp"
#include "advisor/screens.hpp"
#include "base/ascii.hpp"
#include "cli/commands.hpp"
#include "cli/standard_input.hpp"
#include "cli/usage.hpp"

namespace pb::cli {
namespace {
struct Options {
  std::string program, network, provider, prefer = "587";
  bool list = false;
};

template <typename Row>
std::string names(std::span<Row const> rows) {
  std::string out;
  for (auto const& row : rows) out += fmt::format("{}{}", out.empty() ? "" : ", ", row.id);
  return out;
}

void ask(Terminal& terminal, text::Language language, text::Text question, std::string& answer) {
  terminal.out() << question.in(language) << ' ' << advisor::msg("advise.ask_none").in(language)
                 << "\n> " << std::flush;
  answer = ascii::trim(read_line(terminal_line_octets_max));
}

Exit unknown(Terminal& terminal, std::string_view option, std::string const& known) {
  return usage(terminal, text::say(terminal.language(), usage_text("one_of"), option, known));
}

Exit run_advise(Options options, Terminal& terminal) {
  auto const language = terminal.language();
  if (options.list) {
    terminal.out() << "--program   " << names(advisor::programs()) << "\n--where     "
                   << names(advisor::networks()) << "\n--provider  " << names(advisor::providers())
                   << '\n';
    return Exit::ok;
  }
  bool const nothing_said =
      options.program.empty() && options.network.empty() && options.provider.empty();
  if (nothing_said && terminal.interactive() && isatty(STDIN_FILENO) != 0) {
    ask(terminal, language, advisor::msg("advise.ask_program"), options.program);
    ask(terminal, language, advisor::msg("advise.ask_where"), options.network);
    ask(terminal, language, advisor::msg("advise.ask_provider"), options.provider);
  }
  advisor::AdviceRequest request;
  if (!options.program.empty()) {
    request.program = advisor::find_program(options.program);
    if (request.program == nullptr)
      return unknown(terminal, "--program", names(advisor::programs()));
  }
  if (!options.network.empty()) {
    request.network = advisor::find_network(options.network);
    if (request.network == nullptr) return unknown(terminal, "--where", names(advisor::networks()));
  }
  if (!options.provider.empty()) {
    request.provider = advisor::find_provider(options.provider);
    if (request.provider == nullptr) request.provider = advisor::provider_of_host(options.provider);
    if (request.provider == nullptr) {
      return unknown(terminal, "--provider", names(advisor::providers()));
    }
  }
  auto const preference = advisor::parse_preference(options.prefer);
  if (!preference) return unknown(terminal, "--prefer", "587, 465, provider");
  request.preference = *preference;
  terminal.out() << advisor::advice_screen(language, request);
  return Exit::ok;
}
}  // namespace

void add_advise(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  command.add_option("--program", options->program,
                     "what is being set up (wordpress, outlook ...)");
  command.add_option("--where", options->network, "where it runs (digitalocean, gcp, home ...)");
  command.add_option("--provider", options->provider, "who sends the mail (gmail, ses, qq ...)");
  command.add_option("--prefer", options->prefer, "587 (default), 465 or provider");
  command.add_flag("--list", options->list, "print the names that the options take");
  command.footer(
      "Examples:\n  packetboat advise --program wordpress --where digitalocean --provider "
      "sendgrid\n"
      "  packetboat advise --program outlook --provider qq --lang zh-Hans");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_advise(*options, terminal); };
  });
}
}  // namespace pb::cli
