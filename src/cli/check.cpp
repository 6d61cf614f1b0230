// check.cpp: packetboat check: is this configuration good, and what should be changed?
// Spec: docs/reference/configuration.md.                       Tests: tests/end_to_end
// Not here: the checks themselves (app/config, app/config_files).
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "app/config.hpp"
#include "app/config_files.hpp"
#include "app/config_keys.hpp"
#include "cli/commands.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
struct CheckOptions {
  std::string config = "/etc/packetboat/packetboat.toml";
  bool json = false;
  bool reference = false;
};

json::value as_json(std::vector<app::Problem> const& problems, bool good) {
  json::array list;
  for (app::Problem const& problem : problems) {
    list.push_back({{"severity", problem.severity == app::Severity::error ? "error" : "warning"},
                    {"file", problem.file},
                    {"line", problem.place.line},
                    {"column", problem.place.column},
                    {"text", problem.text}});
  }
  return {{"good", good}, {"problems", std::move(list)}};
}

Exit run_check(CheckOptions const& options, Terminal& terminal) {
  if (options.reference) {
    terminal.out() << app::configuration_reference();
    return Exit::ok;
  }
  app::LoadedConfig const loaded = app::load_with_files(options.config);
  std::vector<app::Problem> problems = loaded.problems;
  if (loaded.config) {
    for (app::Problem& problem : app::check_access(*loaded.config))
      problems.push_back(std::move(problem));
  }
  bool const good = std::ranges::none_of(
      problems, [](app::Problem const& one) { return one.severity == app::Severity::error; });
  if (options.json) {
    terminal.out() << json::serialize(as_json(problems, good)) << '\n';
  } else {
    for (app::Problem const& problem : problems) {
      bool const bad = problem.severity == app::Severity::error;
      terminal.out() << terminal.styled(bad ? Style::bad : Style::warning, problem.line()) << '\n';
    }
    if (good) terminal.out() << options.config << " is good.\n";
  }
  return good ? Exit::ok : Exit::configuration;
}
}  // namespace

void add_check(CLI::App& command, Action& action) {
  auto options = std::make_shared<CheckOptions>();
  command.add_option("--config,config", options->config, "the file to check")
      ->capture_default_str();
  command.add_flag("--json", options->json, "print JSON");
  command.add_flag("--reference", options->reference,
                   "print every key with its default (Markdown)");
  command.footer("Examples:\n  packetboat check mail.toml\n  packetboat check --reference");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_check(*options, terminal); };
  });
}
}  // namespace pb::cli
