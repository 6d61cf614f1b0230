// serve.cpp: packetboat serve: a mail server, or with --sandbox a test mail server.
// Spec: docs/reference/command-line.md, docs/reference/sandbox.md.   Tests: tests/end_to_end
// Not here: starting and stopping (app/serve).
#include "app/serve.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "app/places.hpp"
#include "base/check.hpp"
#include "cli/commands.hpp"
#include "policy/roles.hpp"
#include "runtime/system.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
struct Options {
  std::string config;
  bool sandbox = false;
  bool no_ipv6 = false;
  app::SandboxOptions sandbox_options;
};

std::string program_setting(smtp::server::Role role) {
  switch (role) {
    case smtp::server::Role::relay:
      return "no login, no encryption needed";
    case smtp::server::Role::submission:
    case smtp::server::Role::submission_alt:
      return "STARTTLS (or none: this is a test server)";
    case smtp::server::Role::submissions:
      return "SSL/TLS";
  }
  return "";
}

void announce_sandbox(Terminal& terminal, app::Config const& config) {
  std::ostream& out = terminal.out();
  out << terminal.styled(Style::strong, "Packetboat test mail server.")
      << " Everything is caught here, nothing is sent out.\n\n";
  text::Table table;
  table.row({"port", "role", "in your program"});
  for (app::ListenerConfig const& listener : config.listeners) {
    if (listener.address.address.is_v6()) continue;
    table.row({std::to_string(listener.address.port), std::string{app::name_of(listener.role)},
               program_setting(listener.role)});
  }
  out << table.render() << "\n  Host  127.0.0.1 or localhost, any user and password\n"
      << "  CA    " << config.data_dir << "/ca.pem  (trust it instead of switching checks off)\n\n"
      << "See it:  packetboat inbox list        packetboat inbox show ID\n"
      << "         packetboat inbox wait --to you@example.com --timeout 10\n"
      << (terminal.interactive() ? "Stop it: Ctrl-C\n" : "") << std::flush;
}

Exit exit_of(app::ServeFailure::Kind kind) {
  switch (kind) {
    case app::ServeFailure::Kind::configuration:
      return Exit::configuration;
    case app::ServeFailure::Kind::ports:
      return Exit::os_error;
    case app::ServeFailure::Kind::data:
      return Exit::io_error;
    case app::ServeFailure::Kind::system:
      return Exit::os_error;
  }
  return Exit::software;
}

Exit run_serve(Options const& options, Terminal& terminal) {
  app::ServeOptions serve;
  serve.config_file = options.config;
  serve.log_to_terminal = ::isatty(STDERR_FILENO) == 1;
  serve.log_colour = serve.log_to_terminal && terminal.coloured();
  if (options.sandbox) {
    serve.sandbox = options.sandbox_options;
    serve.sandbox->ipv6 = !options.no_ipv6 && app::has_ipv6_loopback();
    if (serve.sandbox->data_dir.empty()) serve.sandbox->data_dir = app::default_sandbox_dir();
    serve.announce = [&terminal](app::Config const& config) { announce_sandbox(terminal, config); };
  }
  auto const ended = app::serve(serve);
  if (ended) return Exit::ok;
  terminal.err() << terminal.styled(Style::bad, "packetboat: ") << ended.error().text << '\n';
  return exit_of(ended.error().kind);
}

struct CaOptions {
  std::string data_dir;
};
Exit run_ca(CaOptions const& options, Terminal& terminal) {
  std::string const folder =
      options.data_dir.empty() ? app::default_sandbox_dir() : options.data_dir;
  auto const file = app::sandbox_ca_file(folder, runtime::SystemClock{}.now());
  if (!file) {
    terminal.err() << "packetboat: " << file.error() << '\n';
    return Exit::cannot_create;
  }
  terminal.out() << *file << '\n';
  return Exit::ok;
}
}  // namespace

void add_serve(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();
  options->config = app::default_config_file;
  app::SandboxOptions& sandbox = options->sandbox_options;
  auto* config = command.add_option("--config", options->config, "the configuration")
                     ->type_name("FILE")
                     ->capture_default_str();
  command.add_flag("--sandbox", options->sandbox, "a test mail server on this computer only")
      ->excludes(config);
  auto const of_sandbox = [&](char const* name, auto& value, char const* about) {
    return command.add_option(name, value, about)->needs("--sandbox")->group("With --sandbox");
  };
  of_sandbox("--data", sandbox.data_dir, "where it keeps what it catches")->type_name("DIR");
  of_sandbox("--port-relay", sandbox.ports.relay, "instead of 1025");
  of_sandbox("--port-submission", sandbox.ports.submission, "instead of 1587");
  of_sandbox("--port-submissions", sandbox.ports.submissions, "instead of 1465");
  of_sandbox("--port-alt", sandbox.ports.submission_alt, "instead of 2525");
  command.add_flag("--no-ipv6", options->no_ipv6, "listen on 127.0.0.1 only")
      ->needs("--sandbox")
      ->group("With --sandbox");
  command.footer(
      "Examples:\n  packetboat serve --sandbox\n  packetboat serve --config mail.toml\n"
      "SIGHUP (or packetboat reload) reads the configuration again; SIGTERM lets open\n"
      "transactions finish, a second one stops at once.");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_serve(*options, terminal); };
  });
}

void add_sandbox(CLI::App& command, Action& action) {
  command.require_subcommand(1);
  CLI::App* ca = command.add_subcommand(
      "ca", "print the CA file that makes your program's checks of the sandbox succeed");
  auto options = std::make_shared<CaOptions>();
  ca->add_option("--data", options->data_dir, "the sandbox's data directory")->type_name("DIR");
  command.footer("Example:\n  curl --cacert \"$(packetboat sandbox ca)\" --ssl-reqd ...");
  ca->callback([options, &action] {
    action = [options](Terminal& terminal) { return run_ca(*options, terminal); };
  });
}
}  // namespace pb::cli
