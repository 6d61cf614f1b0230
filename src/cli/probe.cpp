// probe.cpp: `packetboat probe`: which port works from here, with which encryption, and why not.
// Spec: docs/reference/command-line.md; exit codes in terminal.hpp.
// Not here: measuring (runtime/prober), judging (advisor/verdict).
#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <ostream>

#include "advisor/domain_messages.hpp"
#include "advisor/messages.hpp"
#include "advisor/probe_screen.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/found_servers.hpp"
#include "cli/probe_compare.hpp"
#include "cli/probe_domain.hpp"
#include "cli/probe_json.hpp"
#include "cli/probe_many.hpp"
#include "cli/probe_relay.hpp"
#include "cli/secrets.hpp"
#include "cli/usage.hpp"
#include "cli/verify_input.hpp"
#include "mail/date.hpp"
#include "runtime/prober.hpp"
#include "runtime/system.hpp"
#include "runtime/tls_sweep.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
struct Options {
  std::string target, ports, prefer = "587", ca_file, resolver, os, user;
  std::string password_command, report, targets, dns_file, compare;
  std::vector<std::string> controls;
  bool no_control = false, json = false, brief = false, letter = false, transcript = false;
  bool deep = false, v4 = false, v6 = false, redact = false, relay = false;
  double timeout = 20, watch = 0;
};

struct Target {
  std::string host;
  std::string domain;       // of an address whose provider is not known, or what may be a domain
  bool maybe_host = false;  // a bare name: `domain` counts only if it has an MX record
  std::string found;        // how the host was found, a sentence
  std::optional<advisor::DomainFacts> facts{};  // of the domain
  std::optional<OtherPlace> other{};            // of --compare
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
  bool const address = text.contains('@');
  if (address) text.remove_prefix(text.rfind('@') + 1);
  auto const colon = text.rfind(':');
  bool const one_colon = colon != std::string_view::npos && text.find(':') == colon;
  if (one_colon && add_ports(text.substr(colon + 1), out.ports)) text = text.substr(0, colon);
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  out.provider = advisor::provider_of_domain(text);
  out.host = out.provider != nullptr ? std::string{out.provider->host} : std::string{text};
  if (out.provider == nullptr) out.provider = advisor::provider_of_host(out.host);
  bool const bare = out.ports.empty() && out.host.contains('.') && !IpAddress::parse(out.host);
  if (out.provider == nullptr && (address || bare)) out.domain = out.host;
  out.maybe_host = !address;
  return out;
}

VerifyCommon dns_of(Options const& options) {
  VerifyCommon out;
  out.dns_server = options.resolver;
  out.dns_file = options.dns_file;
  out.json = options.json;
  return out;
}

text::Text how_found(SubmissionPlace::How how) {
  switch (how) {
    case SubmissionPlace::How::srv:
      return advisor::msg("found.srv");
    case SubmissionPlace::How::autoconfig:
    case SubmissionPlace::How::autodiscover:
      return advisor::domain_msg("found.file");
    case SubmissionPlace::How::name:
      return advisor::msg("found.name");
    case SubmissionPlace::How::exchanger:
      return advisor::msg("found.exchanger");
  }
  return advisor::msg("found.name");
}

/// you@example.com: its domain is seldom the host that takes mail from programs.
void find_host(Options const& options, Target& target, text::Language language) {
  if (target.domain.empty() || (target.maybe_host && !options.ports.empty())) return;
  auto const resolver = impatient_resolver(dns_of(options));
  if (!resolver) return;
  if (target.maybe_host && !is_mail_domain(**resolver, target.domain)) return;
  std::string const asked = target.maybe_host ? target.domain : options.target;
  auto found = look_up_domain(**resolver, asked, options.ca_file);
  target.facts = std::move(found.facts);
  auto const& place = found.place;
  if (!place) return;
  target.host = place->host;
  if (target.ports.empty()) target.ports = place->ports;
  target.provider = place->provider;
  std::string const domain = escape_for_display(target.domain, 80);
  std::string const host = escape_for_display(place->host, 80);
  bool const exchanger = place->how == SubmissionPlace::How::exchanger;
  bool const discovered = place->how == SubmissionPlace::How::autodiscover;
  target.found = text::say(language, how_found(place->how), domain,
                           exchanger ? std::string{place->provider->name} : host,
                           discovered ? "autodiscover" : "autoconfig");
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

std::optional<runtime::ProbeSettings> settings_of(Options const& options, Target const& target,
                                                  Terminal& terminal) {
  runtime::ProbeSettings out;
  out.target = options.target;
  out.host = target.host;
  out.ports = target.ports;
  out.control_hosts =
      options.controls.empty() ? advisor::control_hosts(target.provider) : options.controls;
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
      usage(terminal, usage_text("resolver_value").in(terminal.language()));
      return std::nullopt;
    }
    out.resolver = endpoint;
  }
  // With --compare the login is for that server: the target never sees it.
  if (!options.user.empty() && options.compare.empty()) {
    auto const secret = read_secret(
        {.user = options.user, .command = options.password_command, .token_command = {}}, terminal);
    if (!secret) {
      terminal.err() << "--login: " << escape_for_display(secret.error()) << '\n';
      return std::nullopt;
    }
    out.user = options.user;
    out.password = secret->password;
  }
  return out;
}

void print(Options const& options, Target const& target, advisor::ProbeFacts const& facts,
           advisor::Verdict const& verdict, Terminal& terminal) {
  auto const language = terminal.language();
  auto const* domain = target.facts ? &*target.facts : nullptr;
  auto const* other = target.other ? &*target.other : nullptr;
  if (options.json) {
    terminal.out() << probe_json(facts, verdict, domain, other);
  } else if (options.brief) {
    if (verdict.advice) {
      terminal.out() << verdict.advice->port << ' ' << advisor::name(verdict.advice->security)
                     << '\n';
    }
  } else if (options.letter) {
    terminal.out() << advisor::probe_letter(language, facts, verdict);
  } else {
    terminal.out() << advisor::probe_screen(language, facts, verdict);
    if (other != nullptr && other->problem.exit == Exit::ok)
      terminal.out() << '\n' << other_place_text(language, *other, facts.host);
    if (domain != nullptr) {
      auto const compared = compare(*domain, facts, verdict);
      terminal.out() << '\n' << advisor::domain_screen(language, *domain, compared);
    }
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

/// The screen as Markdown, for a forum; redacted, without the host's name and addresses.
Exit write_report(Options const& options, advisor::ProbeFacts const& facts,
                  advisor::Verdict const& verdict, Terminal& terminal) {
  std::string text = advisor::probe_screen(terminal.language(), facts, verdict);
  auto const hide = [&text](std::string const& what, std::string const& instead) {
    for (auto at = text.find(what); !what.empty() && at != std::string::npos;
         at = text.find(what, at + instead.size()))
      text.replace(at, what.size(), instead);
  };
  if (options.redact) {
    hide(facts.target, "HOST");
    hide(facts.host, "HOST");
    for (auto const& address : facts.name.addresses) hide(address.text(), "ADDRESS");
    for (auto const& port : facts.ports)
      for (auto const& attempt : port.attempts) hide(attempt.endpoint.address.text(), "ADDRESS");
    hide(options.user, "USER");
  }
  std::ofstream file{options.report, std::ios::binary | std::ios::trunc};
  file << "# packetboat probe\n\n```\n" << text << "```\n";
  if (!file.flush()) {
    terminal.err() << "probe: cannot write " << escape_for_display(options.report) << '\n';
    return Exit::cannot_create;
  }
  return Exit::ok;
}

/// Measures again and again; prints the first result and each change, until interrupted.
Exit watch(Options const& options, runtime::ProbeSettings const& settings,
           advisor::Preference preference, advisor::Provider const* provider, Terminal& terminal) {
  std::string before;
  for (;;) {
    auto const facts = runtime::probe(settings);
    auto const verdict = advisor::judge(facts, preference, provider);
    std::string now;
    for (std::size_t i = 0; i < verdict.ports.size(); ++i) {
      auto const* attempt = verdict.ports[i].deciding();
      std::string_view what = "ok";
      if (attempt != nullptr && !attempt->faults.empty()) what = name(attempt->faults.front());
      now += fmt::format(" {}={}", verdict.ports[i].port, what);
    }
    if (now != before)
      terminal.out() << fmt::format("{}{}\n", mail::format_date(runtime::SystemClock{}.now()), now)
                     << std::flush;
    before = now;
    ::poll(nullptr, 0, static_cast<int>(options.watch * 1000));
  }
}

/// The advised port, else the first that speaks TLS: every version and cipher, one at a time.
void sweep(runtime::ProbeSettings const& settings, advisor::Verdict const& verdict,
           advisor::ProbeFacts& facts) {
  for (auto const& port : facts.ports) {
    bool const wanted = !verdict.advice || verdict.advice->port == port.port;
    for (auto const& attempt : port.attempts) {
      bool const tls = attempt.tls.handshake == advisor::Handshake::ok;
      if (!wanted || !tls || facts.swept_port != 0) continue;
      facts.swept_port = port.port;
      facts.swept = runtime::sweep_tls({.host = settings.host,
                                        .port = port.port,
                                        .implicit_tls = attempt.implicit_tls,
                                        .ehlo_name = settings.ehlo_name,
                                        .timeout = settings.timeout});
    }
  }
}

/// Without a target: the one server that programs here are set up with, or the list of them.
std::optional<std::string> target_found_here(Terminal& terminal) {
  auto const language = terminal.language();
  auto const found = find_servers();
  auto const target = [](FoundServer const& one) {
    return one.port == 0 || one.host.contains(':') ? one.host
                                                   : fmt::format("{}:{}", one.host, one.port);
  };
  if (found.empty()) {
    usage(terminal,
          text::say(language, usage_text("name_server"), "packetboat probe smtp.example.com"));
    return std::nullopt;
  }
  if (found.size() == 1) {
    terminal.err() << text::say(language, usage_text("found_one"), found.front().file,
                                target(found.front()))
                   << "\n";
    return target(found.front());
  }
  terminal.err() << usage_text("found_many").in(language) << '\n';
  text::Table table;
  for (auto const& one : found)
    table.row({"packetboat probe " + target(one), escape_for_display(one.file)});
  terminal.err() << table.render();
  return std::nullopt;
}

/// Nothing without --compare.
std::expected<std::optional<PreparedSubmission>, Failure> server_to_compare(Options const& options,
                                                                            Terminal& terminal) {
  if (options.compare.empty()) return std::nullopt;
  auto prepared = prepare_compare({.server = options.compare,
                                   .user = options.user,
                                   .password_command = options.password_command,
                                   .ca_file = options.ca_file},
                                  terminal);
  if (!prepared) return std::unexpected{prepared.error()};
  return std::move(*prepared);
}

Exit run_probe(Options options, Terminal& terminal) {
  if (!options.targets.empty()) {
    auto const list = read_input(options.targets);
    if (!list) return refuse(terminal, list.error());
    return probe_many(
        *list,
        [&options, &terminal](std::string const& text) {
          Options one = options;
          one.target = text;
          Target target = read_target(text);
          if (!options.ports.empty()) add_ports(options.ports, target.ports);
          choose_ports(target);
          return settings_of(one, target, terminal);
        },
        options.json, terminal);
  }
  if (options.target.empty()) {
    auto const found = target_found_here(terminal);
    if (!found) return Exit::usage;
    options.target = *found;
  }
  auto const preference = advisor::parse_preference(options.prefer);
  Target target = read_target(options.target);
  if (!preference || (!options.ports.empty() && !add_ports(options.ports, target.ports)) ||
      options.timeout < 1 || options.timeout > 600) {
    return usage(terminal, usage_text("probe_values").in(terminal.language()));
  }
  auto const begin = std::chrono::steady_clock::now();
  if (!options.relay) find_host(options, target, terminal.language());
  auto const spent = std::chrono::steady_clock::now() - begin;
  choose_ports(target);
  auto settings = settings_of(options, target, terminal);
  if (!settings) return Exit::usage;
  settings->timeout = std::max(settings->timeout - std::chrono::ceil<advisor::Millis>(spent),
                               advisor::Millis{1000});
  auto const other = server_to_compare(options, terminal);
  if (!other) return report(terminal, other.error());
  if (options.relay) {
    std::string const domain = options.target.substr(options.target.rfind('@') + 1);
    return probe_relay(domain, dns_of(options), *settings, terminal);
  }
  bool const screen = !options.json && !options.brief && !options.letter;
  if (screen && !target.found.empty()) {
    terminal.out() << text::paragraph("", target.found, terminal.columns()) << '\n' << std::flush;
  }
  if (options.watch > 0) return watch(options, *settings, *preference, target.provider, terminal);
  auto facts = runtime::probe(*settings);
  auto const verdict = advisor::judge(facts, *preference, target.provider);
  if (options.deep) sweep(*settings, verdict, facts);
  if (!options.report.empty()) {
    Exit const written = write_report(options, facts, verdict, terminal);
    if (written != Exit::ok) return written;
  }
  if (*other)
    target.other = ask_other_place(**other, {facts, verdict, target.ports}, terminal.language());
  print(options, target, facts, verdict, terminal);
  bool const unasked = target.other && target.other->problem.exit != Exit::ok;
  return unasked ? report(terminal, target.other->problem) : exit_of(verdict.outcome);
}

void add_options(CLI::App& command, Options& options) {
  command.add_option(
      "target", options.target,
      "a host, HOST:PORT, an e-mail address, a domain or a provider's name; nothing: "
      "what msmtp, Postfix, WordPress or .env here is set up with");
  command.add_option("--port,port", options.ports, "only these ports: 587 or 587,465");
  command.add_option("--prefer", options.prefer, "587 (default), 465 or provider");
  command.add_option("--control", options.controls, "a host to compare with")
      ->allow_extra_args(false);
  command.add_flag("--no-control", options.no_control, "compare with nothing");
  command.add_option("--login", options.user, "try this user; the password is asked for");
  command.add_option("--password-command", options.password_command,
                     "its first line is the password (else PACKETBOAT_PASSWORD, else asked)");
  auto* const compare = command.add_option(
      "--compare", options.compare,
      "also measure from this Packetboat server (HOST, HOST:PORT or an account), and say what "
      "differs; --login is then for that server alone");
  command.add_option("--report", options.report, "also write the result to this file (Markdown)");
  command.add_flag("--redact", options.redact, "no names and addresses in the report");
  command.add_option("--watch", options.watch, "measure again every so many seconds; show changes")
      ->check(CLI::Range(5.0, 86400.0))
      ->excludes(compare);
  command.add_option("--targets", options.targets, "a file of targets, one a line; -: input")
      ->excludes(compare);
  command.add_option("--ca-file", options.ca_file, "trust the issuers of this file only");
  command.add_option("--resolver", options.resolver, "ask this DNS server, too");
  command.add_option("--dns-file", options.dns_file,
                     "what the DNS says of a domain, from a zone file");
  command
      .add_flag("--relay", options.relay,
                "judge how mail of other servers to this domain is protected")
      ->excludes(compare);
  command.add_flag("-4", options.v4, "IPv4 only");
  command.add_flag("-6", options.v6, "IPv6 only");
  command.add_option("--timeout", options.timeout, "seconds for everything (20)");
  command.add_flag("--deep", options.deep,
                   "also look for injection behind STARTTLS, and for every TLS version and "
                   "cipher of the advised port");
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
      "  packetboat probe smtp.example.com --port 587 --login you@example.com\n"
      "  packetboat probe --relay example.com\n"
      "  packetboat probe smtp.example.com --report probe.md --redact\n"
      "  packetboat probe --targets hosts.txt --json\n"
      "  packetboat probe smtp.example.com --compare mail.example.org --login you@example.org");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_probe(*options, terminal); };
  });
}
}  // namespace pb::cli
