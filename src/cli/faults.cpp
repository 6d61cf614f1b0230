// faults.cpp: `packetboat faults`: the closed list of fault names, for scripts and the reference.
// Spec: docs/reference/faults.md, which `packetboat faults --markdown` prints.
// Not here: the list (advisor/faults).
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "advisor/faults.hpp"
#include "cli/commands.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
struct Options {
  bool json = false, markdown = false;
};

boost::json::object in_all(text::Text const& text) {
  boost::json::object out;
  for (auto language : text::all_languages) out[text::tag(language)] = text.in(language);
  return out;
}

void print_json(std::ostream& out) {
  boost::json::array list;
  for (auto const& fault : advisor::faults()) {
    list.push_back(boost::json::object{{"name", fault.name},
                                       {"rows", fault.rows},
                                       {"kind", advisor::name(fault.kind)},
                                       {"title", in_all(fault.title)},
                                       {"advice", in_all(fault.advice)}});
  }
  out << boost::json::serialize(
             boost::json::object{{"schema", "packetboat.faults/1"}, {"faults", list}})
      << '\n';
}

void print_markdown(std::ostream& out) {
  out << "# Faults\n\nThe closed list of names that `packetboat probe --json` and `packetboat "
         "explain --json` use.\nMade by `packetboat faults --markdown`. Rows: of the symptom "
         "table. Kind: who can act.\n\n| Name | Rows | Kind | What happened | 繁體中文 | 简体中文 "
         "|\n|---|---|---|---|---|---|\n";
  for (auto const& fault : advisor::faults()) {
    out << "| `" << fault.name << "` | " << fault.rows << " | " << advisor::name(fault.kind)
        << " | " << fault.title.in(text::Language::en) << " | "
        << fault.title.in(text::Language::zh_hant) << " | "
        << fault.title.in(text::Language::zh_hans) << " |\n";
  }
}

Exit run_faults(Options const& options, Terminal& terminal) {
  if (options.json) {
    print_json(terminal.out());
  } else if (options.markdown) {
    print_markdown(terminal.out());
  } else {
    auto const language = terminal.language();
    text::Table table{0};
    for (auto const& fault : advisor::faults()) {
      table.row({std::string{fault.name}, std::string{fault.title.in(language)}});
    }
    terminal.out() << table.render(terminal.columns());
  }
  return Exit::ok;
}
}  // namespace

void add_faults(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  command.add_flag("--json", options->json, "print packetboat.faults/1");
  command.add_flag("--markdown", options->markdown, "print docs/reference/faults.md");
  command.footer("Examples:\n  packetboat faults\n  packetboat faults --json");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_faults(*options, terminal); };
  });
}
}  // namespace pb::cli
