// probe.cpp: `packetboat probe`: which port works from here, with which encryption, and why not.
// Spec: docs/reference/command-line.md, issue 4 §1; exit codes in terminal.hpp.
// Not here: measuring (runtime/prober), judging (advisor/verdict).
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>
#include <ostream>

#include "advisor/messages.hpp"
#include "advisor/probe_screen.hpp"
#include "base/ascii.hpp"
#include "cli/commands.hpp"
#include "cli/probe_json.hpp"
#include "runtime/prober.hpp"

namespace pb::cli {
namespace {
struct Options {
  std::string target, ports, prefer = "587", ca_file, resolver, os, user;
  std::vector<std::string> controls;
  bool no_control = false, json = false, brief = false, letter = false, transcript = false;
  bool deep = false, v4 = false, v6 = false;
  double timeout = 20;
};

struct Target {
  std::string host;
  advisor::Provider const* provider = nullptr;
  std::vector<std::uint16_t> ports;
};

bool add_ports(std::string_view list, std::vector<std::uint16_t>& ports) {
  for (auto word : ascii::split(list, ',')) {
    word = ascii::trim(word);
    std::uint16_t port = 0;
    auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
    if (error != std::errc{} || end != word.data() + word.size() || port == 0) return false;
    ports.push_back(port);
  }
  return ports.size() <= 16;
}

/// HOST, HOST:PORT, an address of a mailbox, a domain or a provider's name.
Target read_target(std::string_view text) {
  Target out;
  text = ascii::trim(text);
  out.provider = advisor::find_provider(text);
  if (out.provider != nullptr) {
    out.host = out.provider->host;
    return out;
  }
  if (auto const at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  auto const colon = text.rfind(':');
  bool const one_colon = colon != std::string_view::npos && text.find(':') == colon;
  if (one_colon && add_ports(text.substr(colon + 1), out.ports)) text = text.substr(0, colon);
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  out.provider = advisor::provider_of_domain(text);
  out.host = out.provider != nullptr ? std::string{out.provider->host} : std::string{text};
  if (out.provider == nullptr) out.provider = advisor::provider_of_host(out.host);
  return out;
}

void choose_ports(Target& target) {
  if (!target.ports.empty()) return;
  target.ports = {587, 2525, 465, 25};
  if (target.provider == nullptr) return;
  for (auto const& offer : target.provider->offers) {
    bool const known = std::ranges::find(target.ports, offer.port) != target.ports.end();
    if (offer.port != 0 && !known) target.ports.push_back(offer.port);
  }
}

/// Two providers of the table that are not the target itself.
std::vector<std::string> controls_for(Target const& target) {
  std::vector<std::string> out;
  for (std::string_view id : {"gmail", "mailgun", "fastmail"}) {
    auto const* provider = advisor::find_provider(id);
    if (provider != target.provider && out.size() < 2) out.emplace_back(provider->host);
  }
  return out;
}

Exit exit_of(advisor::Outcome outcome) {
  switch (outcome) {
    case advisor::Outcome::first_choice:
      return Exit::ok;
    case advisor::Outcome::other_choice:
      return Exit::second_choice;
    case advisor::Outcome::nothing:
      return Exit::not_usable;
    case advisor::Outcome::danger:
      return Exit::danger;
    case advisor::Outcome::this_computer:
      return Exit::this_computer;
  }
  return Exit::software;
}

std::optional<runtime::ProbeSettings> settings_of(Options const& options, Target const& target,
                                                  Terminal& terminal) {
  runtime::ProbeSettings out;
  out.target = options.target;
  out.host = target.host;
  out.ports = target.ports;
  out.control_hosts = options.controls.empty() ? controls_for(target) : options.controls;
  out.controls = !options.no_control;
  if (options.no_control) out.control_hosts.clear();
  out.ca_file = options.ca_file;
  out.ipv4 = !options.v6 || options.v4;
  out.ipv6 = !options.v4 || options.v6;
  out.deep = options.deep;
  out.transcript = options.transcript;
  out.timeout = advisor::Millis{static_cast<std::int64_t>(options.timeout * 1000)};
  if (!options.resolver.empty()) {
    auto endpoint = Endpoint::parse(options.resolver);
    auto const address = IpAddress::parse(options.resolver);
    if (!endpoint && address) endpoint = Endpoint{*address, 53};
    if (!endpoint) {
      terminal.err() << "--resolver takes an address, or address:port\n";
      return std::nullopt;
    }
    out.resolver = endpoint;
  }
  if (!options.user.empty()) {
    char const* password = std::getenv("PACKETBOAT_PASSWORD");
    if (password == nullptr) password = isatty(STDIN_FILENO) != 0 ? getpass("Password: ") : nullptr;
    if (password == nullptr) {
      terminal.err() << "--login: set PACKETBOAT_PASSWORD, or type it at a terminal\n";
      return std::nullopt;
    }
    out.user = options.user;
    out.password = password;
  }
  return out;
}

void print(Options const& options, advisor::ProbeFacts const& facts,
           advisor::Verdict const& verdict, Terminal& terminal) {
  auto const language = terminal.language();
  if (options.json) {
    terminal.out() << probe_json(facts, verdict);
  } else if (options.brief) {
    if (verdict.advice) {
      terminal.out() << verdict.advice->port << ' ' << advisor::name(verdict.advice->security)
                     << '\n';
    }
  } else if (options.letter) {
    terminal.out() << advisor::probe_letter(language, facts, verdict);
  } else {
    terminal.out() << advisor::probe_screen(language, facts, verdict);
    if (!options.os.empty()) {
      terminal.out() << '\n'
                     << advisor::msg("probe.yourself").in(language) << '\n'
                     << advisor::see_yourself(facts, verdict, options.os);
    }
  }
  if (!options.transcript || options.json) return;
  for (auto const& port : facts.ports) {
    for (auto const& attempt : port.attempts) {
      terminal.out() << "\n--- " << attempt.endpoint.text() << '\n' << attempt.transcript;
    }
  }
}

Exit run_probe(Options const& options, Terminal& terminal) {
  if (options.target.empty()) {
    terminal.err() << "probe: name a server, for example: packetboat probe smtp.example.com\n";
    return Exit::usage;
  }
  auto const preference = advisor::parse_preference(options.prefer);
  Target target = read_target(options.target);
  if (!preference || (!options.ports.empty() && !add_ports(options.ports, target.ports)) ||
      options.timeout < 1 || options.timeout > 600) {
    terminal.err() << "probe: --prefer takes 587, 465 or provider; --port takes port numbers; "
                      "--timeout seconds from 1 to 600\n";
    return Exit::usage;
  }
  choose_ports(target);
  auto const settings = settings_of(options, target, terminal);
  if (!settings) return Exit::usage;
  auto const facts = runtime::probe(*settings);
  auto const verdict = advisor::judge(facts, *preference, target.provider);
  print(options, facts, verdict, terminal);
  return exit_of(verdict.outcome);
}

void add_options(CLI::App& command, Options& options) {
  command.add_option("target", options.target,
                     "a host, HOST:PORT, an e-mail address, a domain or a provider's name");
  command.add_option("--port,port", options.ports, "only these ports: 587 or 587,465");
  command.add_option("--prefer", options.prefer, "587 (default), 465 or provider");
  command.add_option("--control", options.controls, "a host to compare with")
      ->allow_extra_args(false);
  command.add_flag("--no-control", options.no_control, "compare with nothing");
  command.add_option("--login", options.user, "try this user; the password is asked for");
  command.add_option("--ca-file", options.ca_file, "trust the issuers of this file only");
  command.add_option("--resolver", options.resolver, "ask this DNS server, too");
  command.add_flag("-4", options.v4, "IPv4 only");
  command.add_flag("-6", options.v6, "IPv6 only");
  command.add_option("--timeout", options.timeout, "seconds for everything (20)");
  command.add_flag("--deep", options.deep, "also look for injection behind STARTTLS");
  command.add_flag("--json", options.json, "print packetboat.probe/1");
  command.add_flag("--short", options.brief, "print only port and encryption");
  command.add_flag("--letter", options.letter, "write to the host or administrator");
  command.add_flag("--transcript", options.transcript, "show what was sent and received");
  command.add_option("--os", options.os, "show how to see it without Packetboat")
      ->check(CLI::IsMember({"linux", "macos", "windows"}));
}
}  // namespace

void add_probe(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  add_options(command, *options);
  command.footer(
      "Exit codes: 0 first choice works, 1 another port works, 2 nothing works, 3 danger,\n"
      "4 this computer is the cause.\n"
      "Examples:\n  packetboat probe smtp.example.com\n  packetboat probe you@gmail.com\n"
      "  packetboat probe smtp.example.com --port 587 --login you@example.com");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_probe(*options, terminal); };
  });
}
}  // namespace pb::cli
