// init.cpp: packetboat init: asks what is needed, or takes flags, and writes a configuration.
// Spec: docs/reference/command-line.md.                   Tests: tests/end_to_end/init_test.py
// Not here: the file's content (app/initial_config).
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <ostream>

#include "app/config.hpp"
#include "app/initial_config.hpp"
#include "app/places.hpp"
#include "base/ascii.hpp"
#include "cli/commands.hpp"
#include "mail/address.hpp"

namespace pb::cli {
namespace {
struct InitOptions {
  app::InitialConfig wanted;
  std::string output{app::default_config_file};
  bool print = false;
};

std::string this_machine() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  std::string const text{name.data()};
  return text.find('.') == std::string::npos ? "" : text;
}

/// The line that was typed, or `fallback` for an empty one.
std::string ask(Terminal& terminal, std::string_view question, std::string const& fallback) {
  terminal.out() << question;
  if (!fallback.empty()) terminal.out() << " [" << fallback << "]";
  terminal.out() << ": " << std::flush;
  std::string line;
  char c = 0;
  while (line.size() < 1024 && ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') line += c;
  std::string_view const typed = ascii::trim(line);
  return typed.empty() ? fallback : std::string{typed};
}

void ask_all(InitOptions& options, Terminal& terminal) {
  app::InitialConfig& wanted = options.wanted;
  terminal.out() << "Six questions; Enter takes what stands in brackets.\n";
  wanted.hostname = ask(terminal, "Name of this server in DNS", this_machine());
  std::string const domains = ask(terminal, "Domains whose mail comes here, parted by blanks",
                                  app::domain_of(wanted.hostname));
  for (std::string_view const one : ascii::split(domains, ' '))
    if (!one.empty()) wanted.domains.emplace_back(one);
  std::string const folder = "/etc/letsencrypt/live/" + wanted.hostname;
  wanted.certificate = ask(terminal, "Certificate chain (PEM)", folder + "/fullchain.pem");
  wanted.key = ask(terminal, "Its key", folder + "/privkey.pem");
  wanted.deliver =
      ask(terminal, "Where mail goes: lmtp:unix:PATH, maildir:PATH, or Enter for Maildirs", "");
  wanted.smarthost =
      ask(terminal, "Smarthost for mail to others (Enter: straight to their MX)", "");
}

Exit run_init(InitOptions options, Terminal& terminal) {
  bool const can_ask = ::isatty(STDIN_FILENO) == 1 && terminal.interactive();
  if (options.wanted.hostname.empty() && can_ask) ask_all(options, terminal);
  std::string const& hostname = options.wanted.hostname;
  if (hostname.empty() || !mail::parse_domain(hostname, mail::Utf8::refuse)) {
    terminal.err() << "packetboat: --hostname is needed: the name of this server in DNS\n";
    return Exit::usage;
  }
  std::string const content = app::initial_config(options.wanted);
  app::ConfigResult const checked = app::parse_config(content, options.output);
  if (!checked.config) {
    for (app::Problem const& problem : checked.problems) terminal.err() << problem.line() << '\n';
    return Exit::usage;
  }
  if (options.print) {
    terminal.out() << content;
    return Exit::ok;
  }
  if (auto written = app::write_new_file(options.output, content); !written) {
    terminal.err() << "packetboat: " << written.error() << '\n';
    return Exit::cannot_create;
  }
  std::string const& domain = checked.config->domains.front().name;
  std::string const config =
      options.output == app::default_config_file ? "" : " --config " + options.output;
  terminal.out() << options.output << " is written. Next:\n  packetboat check" << config
                 << "\n  packetboat user add you@" << domain << config << "\n  packetboat serve"
                 << config << '\n';
  return Exit::ok;
}
}  // namespace

void add_init(CLI::App& command, Action& action) {
  auto options = std::make_shared<InitOptions>();
  app::InitialConfig& wanted = options->wanted;
  command.add_option("--hostname", wanted.hostname, "name of this server in DNS; asked if missing");
  command.add_option("--domain", wanted.domains, "a domain whose mail comes here; many");
  command.add_option("--data-dir", wanted.data_dir, "queue and accounts")->capture_default_str();
  command.add_option("--user", wanted.user, "whom to become after start")->capture_default_str();
  command.add_option("--certificate", wanted.certificate, "certificate chain (PEM)");
  command.add_option("--key", wanted.key, "its key (PEM)");
  command.add_option("--deliver", wanted.deliver, "where the domains' mail goes");
  command.add_option("--smarthost", wanted.smarthost, "submission://HOST:587 and kin");
  command.add_option("--smarthost-user", wanted.smarthost_user, "login there")
      ->needs("--smarthost");
  command
      .add_option("--smarthost-password-file", wanted.smarthost_password_file,
                  "file with its password")
      ->needs("--smarthost-user");
  command.add_option("--output,-o", options->output, "where to write it")->capture_default_str();
  command.add_flag("--print", options->print, "print it instead");
  command.footer(
      "Examples:\n  packetboat init\n  packetboat init --hostname mail.example.com -o mail.toml\n"
      "  packetboat init --hostname mail.example.com --deliver lmtp:unix:/run/dovecot/lmtp");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_init(*options, terminal); };
  });
}
}  // namespace pb::cli
