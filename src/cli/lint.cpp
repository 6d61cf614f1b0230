// lint.cpp: `packetboat lint FILE`: which line of a program's mail settings is wrong, and why.
// Spec: docs/reference/command-line.md ("lint").           Not here: the rules (advisor/lint).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "advisor/lint.hpp"
#include "advisor/programs.hpp"
#include "base/encoding.hpp"
#include "cli/account_messages.hpp"
#include "cli/commands.hpp"
#include "cli/usage.hpp"
#include "cli/verify_input.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
struct Options {
  std::string file, program;
  bool json = false;
};

Exit wrong_program(Options const& options, Terminal& terminal) {
  auto const names = advisor::lint_programs();
  auto const language = terminal.language();
  std::string all;
  for (auto const name : names) all.append(all.empty() ? "" : " ").append(name);
  return usage(terminal, text::say(language, usage_text("no_program"),
                                   escape_for_display(options.program, 64)) +
                             did_you_mean(language, options.program, names) + "\n  " + all);
}

std::string as_json(Options const& options, advisor::LintReport const& report,
                    text::Language language) {
  json::array findings;
  for (auto const& one : report.findings)
    findings.push_back({{"line", one.line},
                        {"mistake", std::string{advisor::name(one.mistake)}},
                        {"text", std::string{advisor::text_of(one.mistake).in(language)}}});
  return json::serialize(json::object{{"schema", "packetboat.lint/1"},
                                      {"file", options.file},
                                      {"program", std::string{report.program}},
                                      {"findings", std::move(findings)}}) +
         '\n';
}

Exit run_lint(Options const& options, Terminal& terminal) {
  auto const names = advisor::lint_programs();
  bool const known = std::ranges::find(names, options.program) != names.end();
  if (!options.program.empty() && !known) return wrong_program(options, terminal);
  auto const text = read_input(options.file);
  if (!text) return refuse(terminal, text.error());
  auto const language = terminal.language();
  auto const report = advisor::lint(*text, options.program);
  if (options.json) {
    terminal.out() << as_json(options, report, language);
  } else if (report.program.empty()) {
    terminal.err() << account_text("lint_unknown").in(language) << '\n';
  } else {
    for (auto const& one : report.findings)
      terminal.out() << text::paragraph(
          fmt::format("{}:{}: ", escape_for_display(options.file), one.line),
          advisor::text_of(one.mistake).in(language), terminal.columns());
    if (report.findings.empty())
      terminal.out() << text::say(language, account_text("lint_good"), report.program) << '\n';
  }
  if (report.program.empty()) return Exit::bad_data;
  return report.findings.empty() ? Exit::ok : Exit::not_usable;
}
}  // namespace

void add_lint(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  command.add_option("file", options->file, "the configuration; -: standard input")->required();
  command.add_option("--for", options->program, "the program (default: told by the file)");
  command.add_flag("--json", options->json, "print packetboat.lint/1");
  command.footer(
      "Nothing is measured and nothing is sent. Exit codes: 0 nothing found, 2 something is "
      "wrong,\n"
      "65 no program that is known, 66 no such file.\n"
      "Examples:\n  packetboat lint wp-config.php\n  packetboat lint ~/.msmtprc\n"
      "  packetboat lint --for laravel .env");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_lint(*options, terminal); };
  });
}
}  // namespace pb::cli
