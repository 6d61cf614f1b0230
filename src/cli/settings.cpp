// settings.cpp: `packetboat settings`: the configuration of a program, ready to paste.
// Spec: docs/reference/command-line.md; templates in advisor/settings_*.
// Not here: measuring which port works (probe.cpp).
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "advisor/port_check.hpp"
#include "advisor/providers.hpp"
#include "advisor/settings.hpp"
#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/usage.hpp"
#include "runtime/system.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
struct Options {
  std::string target, program = "list", user, prefer = "587", incoming;
  std::uint16_t port = 0;
};

void list_programs(Terminal& terminal) {
  text::Table table;
  for (auto const* program : advisor::writable_programs()) {
    table.row({std::string{program->id}, std::string{program->name}});
  }
  terminal.out() << table.render();
}

/// The port that was given, or the first one of the provider in the order of preference.
std::uint16_t port_for(Options const& options, advisor::Provider const* provider,
                       advisor::Preference preference) {
  if (options.port != 0) return options.port;
  if (provider == nullptr) return advisor::order(preference).front();
  for (auto port : advisor::order(preference)) {
    for (auto const& offer : provider->offers) {
      if (offer.port == port && preference != advisor::Preference::provider) return port;
    }
  }
  return provider->offers[0].port;
}

/// "wordprss": what was probably meant.
Exit unknown_program(std::string const& program, Terminal& terminal) {
  std::vector<std::string_view> names{"port-check.php"};
  for (auto const* one : advisor::writable_programs()) names.push_back(one->id);
  auto const language = terminal.language();
  return usage(
      terminal,
      text::say(language, usage_text("no_program"), escape_for_display(program, 64)) +
          did_you_mean(language, program, names) + "  (" +
          text::say(language, usage_text("all_programs"), "packetboat settings --for list") + ")");
}

text::Text text_of(advisor::SettingsError error) {
  switch (error) {
    case advisor::SettingsError::bad_host:
      return usage_text("bad_host");
    case advisor::SettingsError::bad_user:
      return usage_text("bad_user");
    case advisor::SettingsError::cannot:
      return usage_text("cannot");
    case advisor::SettingsError::not_written:
      return usage_text("not_written");
  }
  return usage_text("not_written");
}

/// The text goes to standard output; what to do with it, to standard error.
Exit write_port_check(advisor::SettingsInput const& input, Terminal& terminal) {
  auto const* any = advisor::find_program("curl");
  auto const checked = advisor::settings(*any, input, terminal.language());
  if (!checked) {  // the same rules for a host name as everywhere
    return usage(terminal, text_of(checked.error()).in(terminal.language()));
  }
  runtime::SystemRandom random;
  terminal.out() << advisor::port_check_php(input.host);
  terminal.err() << "Save it as port-check-" << hex_encode(random.bytes(6))
                 << ".php, upload it, open it once in a browser, delete it.\n";
  return Exit::ok;
}

Exit run_settings(Options const& options, Terminal& terminal) {
  if (options.program == "list") {
    list_programs(terminal);
    return Exit::ok;
  }
  auto const* program = advisor::find_program(options.program);
  auto const preference = advisor::parse_preference(options.prefer);
  bool const is_check = options.program == "port-check.php" || options.program == "port-check";
  if (program == nullptr && !is_check) return unknown_program(options.program, terminal);
  if (!preference) return usage(terminal, usage_text("prefer_value").in(terminal.language()));
  if (options.target.empty()) {
    return usage(terminal, text::say(terminal.language(), usage_text("name_server_and_program"),
                                     "packetboat settings smtp.example.com --for wordpress"));
  }
  advisor::SettingsInput input{
      .host = options.target, .user = options.user, .incoming = options.incoming};
  auto const at = options.target.rfind('@');
  auto const* provider = advisor::find_provider(options.target);
  if (at != std::string::npos) {
    input.user = options.user.empty() ? options.target : options.user;
    input.host = options.target.substr(at + 1);
    provider = advisor::provider_of_domain(input.host);
  }
  if (provider == nullptr) provider = advisor::provider_of_host(input.host);
  if (provider != nullptr && (at != std::string::npos || input.host == provider->id)) {
    input.host = provider->host;
  }
  if (is_check) return write_port_check(input, terminal);
  input.port = port_for(options, provider, *preference);
  auto const* port = advisor::find_port(input.port);
  if (input.port == 25) {
    return usage(terminal, usage_text("not_25").in(terminal.language()));
  }
  input.security = port == nullptr ? advisor::Security::starttls : port->security;
  auto const text = advisor::settings(*program, input, terminal.language());
  if (!text) {
    return usage(terminal, text_of(text.error()).in(terminal.language()));
  }
  terminal.out() << *text;
  return Exit::ok;
}
}  // namespace

void add_settings(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  command.add_option("target", options->target, "a host, an e-mail address or a provider's name");
  command.add_option("--for", options->program, "the program; list: all of them");
  command.add_option("--port", options->port, "the port that works for you");
  command.add_option("--user", options->user, "the user name");
  command.add_option("--incoming", options->incoming,
                     "the IMAP server, for mobileconfig (default: imap.DOMAIN)");
  command.add_option("--prefer", options->prefer, "587 (default), 465 or provider");
  command.footer(
      "Examples:\n  packetboat settings smtp.example.com --for wordpress\n"
      "  packetboat settings you@gmail.com --for thunderbird\n"
      "  packetboat settings you@example.com --for mobileconfig > mail.mobileconfig\n"
      "  packetboat settings sendgrid --port 2525 --for nodemailer\n"
      "  packetboat settings smtp.example.com --for port-check.php > check-7f3a.php");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_settings(*options, terminal); };
  });
}
}  // namespace pb::cli
