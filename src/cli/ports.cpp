// ports.cpp: `packetboat ports`: what each mail port is for, without a network.
// Spec: docs/reference/command-line.md; tables in advisor/ports.
// Not here: measuring (probe.cpp).
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "advisor/screens.hpp"
#include "advisor/which_port_page.hpp"
#include "cli/commands.hpp"

namespace pb::cli {
namespace {
struct Options {
  std::uint16_t port = 0;
  bool page = false;
};
Exit run_ports(Options const& options, Terminal& terminal) {
  auto const language = terminal.language();
  if (options.page) {
    terminal.out() << advisor::which_port_page();
    return Exit::ok;
  }
  if (options.port == 0) {
    terminal.out() << advisor::ports_screen(language);
    return Exit::ok;
  }
  terminal.out() << advisor::port_screen(language, options.port);
  return advisor::find_port(options.port) == nullptr ? Exit::second_choice : Exit::ok;
}
}  // namespace

void add_ports(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  command.add_option("port", options->port, "one port: 25, 465, 587, 2525, 26, 2587 ...");
  command.add_flag("--page", options->page, "print docs/which-port/index.html");
  command.footer("Examples:\n  packetboat ports\n  packetboat ports 465 --lang zh-Hant");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_ports(*options, terminal); };
  });
}
}  // namespace pb::cli
