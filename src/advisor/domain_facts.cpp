// domain_facts.cpp: see domain_facts.hpp.
// Spec: docs/reference/command-line.md ("probe of an address").
// Tests: domain_facts_test.cpp
#include "advisor/domain_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "advisor/domain_messages.hpp"
#include "base/encoding.hpp"
#include "text/layout.hpp"

namespace pb::advisor {
using text::Language;
using text::say;
namespace {
constexpr std::size_t width = 80;

struct Statements {
  Source source;
  std::vector<PublishedServer> const& servers;
};
std::array<Statements, 3> statements(DomainFacts const& domain) {
  return {Statements{Source::srv, domain.srv},
          Statements{Source::autoconfig, domain.autoconfig.settings.servers},
          Statements{Source::autodiscover, domain.autodiscover.settings.servers}};
}

/// As the title of a record or file in a sentence.
std::string_view title(Source source) {
  switch (source) {
    case Source::srv:
      return "SRV";
    case Source::autoconfig:
      return "autoconfig";
    case Source::autodiscover:
      return "autodiscover";
  }
  return "";
}

std::string_view word(Language language, Security security) {
  switch (security) {
    case Security::starttls:
    case Security::implicit_tls:
      return label(security);
    case Security::cleartext:
      return domain_msg("domain.clear").in(language);
    case Security::none:
      return domain_msg("domain.any").in(language);
  }
  return "";
}

std::string place(Language language, PublishedServer const& server) {
  return fmt::format("{}:{} {}", escape_for_display(server.host, 80), server.port,
                     word(language, server.security));
}

std::string login(Language language, PublishedServer const& server) {
  switch (server.login) {
    case LoginForm::unsaid:
      return {};
    case LoginForm::whole_address:
      return std::string{domain_msg("domain.login_whole").in(language)};
    case LoginForm::local_part:
      return std::string{domain_msg("domain.login_local").in(language)};
    case LoginForm::other:
      return say(language, domain_msg("domain.login_other"),
                 escape_for_display(server.login_text, 60));
  }
  return {};
}

std::string servers_text(Language language, std::vector<PublishedServer> const& servers) {
  std::string out;
  for (auto const& server : servers) {
    if (!out.empty()) out += language == Language::en ? "; " : "；";
    out += place(language, server);
    if (auto const form = login(language, server); !form.empty())
      out += (language == Language::en ? ", " : "，") + form;
  }
  return out;
}

std::string file_text(Language language, PublishedFile const& file) {
  auto const at = [&](text::Text what) {
    std::string const url = escape_for_display(file.url, 120);
    std::string_view const open = language == Language::en ? " (" : "（";
    std::string_view const close = language == Language::en ? ")" : "）";
    return fmt::format("{}{}{}{}", what.in(language), open, url, close);
  };
  switch (file.state) {
    case FileState::absent:
      return std::string{domain_msg("domain.none").in(language)};
    case FileState::found:
      return servers_text(language, file.settings.servers);
    case FileState::wants_login:
      return at(domain_msg("domain.wants_login"));
    case FileState::unreachable:
      return at(domain_msg("domain.unreachable"));
    case FileState::insecure:
      return at(domain_msg("domain.insecure"));
    case FileState::unreadable:
      return at(domain_msg("domain.unreadable"));
    case FileState::refers:
      return say(language, domain_msg("domain.refers"),
                 escape_for_display(file.settings.refers_to, 120));
  }
  return {};
}

std::string dnssec(Language language, bool secure) {
  auto const state = secure ? domain_msg("domain.signed") : domain_msg("domain.unsigned");
  return fmt::format(fmt::runtime(language == Language::en ? " (DNSSEC: {})" : "（DNSSEC：{}）"),
                     state.in(language));
}

std::string mx_text(Language language, RelayFacts const& relay) {
  if (relay.null_mx) return std::string{domain_msg("domain.null_mx").in(language)};
  if (relay.mx != NameState::ok) return std::string{domain_msg("domain.unknown").in(language)};
  if (relay.hosts.empty()) return std::string{domain_msg("domain.none").in(language)};
  std::string out;
  for (auto const& host : relay.hosts)
    out += (out.empty() ? "" : ", ") + escape_for_display(host.host, 80);
  return out + dnssec(language, relay.mx_secure);
}

std::string tlsa_text(Language language, RelayFacts const& relay) {
  auto const with =
      std::ranges::count_if(relay.hosts, [](auto const& h) { return !h.tlsa.empty(); });
  if (with == 0) return std::string{domain_msg("domain.none").in(language)};
  bool const secure = std::ranges::all_of(
      relay.hosts, [](auto const& host) { return host.tlsa.empty() || host.tlsa_secure; });
  return say(language, domain_msg("domain.records"), with, relay.hosts.size()) +
         dnssec(language, secure);
}

std::string sts_text(Language language, RelayFacts const& relay) {
  if (relay.sts) return std::string{mtasts::text(relay.sts->mode)};
  if (!relay.sts_announced) return std::string{domain_msg("domain.none").in(language)};
  return escape_for_display(relay.sts_problem, 120);
}

/// Nothing: it was not measured, or not reached from here.
std::optional<AttemptVerdict> measured_at(PublishedServer const& says, ProbeFacts const& facts,
                                          Verdict const& verdict) {
  if (says.host != facts.host) return std::nullopt;
  auto const measured = std::ranges::find(facts.ports, says.port, &PortFacts::port);
  auto const judged = std::ranges::find(verdict.ports, says.port, &PortVerdict::port);
  bool const known = measured != facts.ports.end() && judged != verdict.ports.end();
  if (!known || judged->deciding() == nullptr) return std::nullopt;
  auto const index = static_cast<std::size_t>(judged->deciding() - judged->attempts.data());
  // Silence and unreachability may be of the network between: they contradict nothing.
  auto const tcp = measured->attempts[index].connect.tcp;
  if (tcp != Tcp::open && tcp != Tcp::refused) return std::nullopt;
  return *judged->deciding();
}

void compare_one(Comparison& out, Source source, PublishedServer const& says,
                 std::optional<AttemptVerdict> const& measured) {
  using Kind = Difference::Kind;
  Difference one{.source = source, .says = says};
  if (measured) one.measured = measured->security;
  bool const encrypted =
      one.measured == Security::starttls || one.measured == Security::implicit_tls;
  bool const same = says.security == Security::none || says.security == one.measured;
  if (says.security == Security::cleartext) {
    one.kind = Kind::in_the_clear;
  } else if (!measured) {
    return;
  } else if (encrypted && same) {
    out.confirmed = true;
    return;
  } else {
    one.kind = encrypted ? Kind::other_security : Kind::not_offered;
  }
  out.differences.push_back(std::move(one));
}

std::string sentence(Language language, Difference const& one) {
  auto const says = place(language, one.says);
  switch (one.kind) {
    case Difference::Kind::not_offered:
      return say(language, domain_msg("domain.not_offered"), title(one.source), says);
    case Difference::Kind::other_security:
      return say(language, domain_msg("domain.other_security"), title(one.source), says,
                 label(one.measured));
    case Difference::Kind::in_the_clear:
      return say(language, domain_msg("domain.in_the_clear"), title(one.source), says);
  }
  return {};
}
}  // namespace

std::string_view name(Source source) { return source == Source::srv ? "srv" : title(source); }

std::string_view name(FileState state) {
  switch (state) {
    case FileState::absent:
      return "absent";
    case FileState::found:
      return "found";
    case FileState::wants_login:
      return "wants-login";
    case FileState::unreachable:
      return "unreachable";
    case FileState::insecure:
      return "insecure";
    case FileState::unreadable:
      return "unreadable";
    case FileState::refers:
      return "refers";
  }
  return "";
}

std::string_view name(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::not_offered:
      return "not-offered";
    case Difference::Kind::other_security:
      return "other-security";
    case Difference::Kind::in_the_clear:
      return "in-the-clear";
  }
  return "";
}

Comparison compare(DomainFacts const& domain, ProbeFacts const& facts, Verdict const& verdict) {
  Comparison out;
  for (auto const& [source, servers] : statements(domain))
    for (auto const& server : servers)
      compare_one(out, source, server, measured_at(server, facts, verdict));
  return out;
}

std::string domain_screen(Language language, DomainFacts const& domain,
                          Comparison const& comparison) {
  std::string const name = escape_for_display(domain.relay.domain, 80);
  std::string const srv = domain.srv.empty() ? std::string{domain_msg("domain.none").in(language)}
                                             : servers_text(language, domain.srv);
  auto const report = domain.tlsrpt ? domain_msg("domain.found") : domain_msg("domain.none");
  text::Table table;
  table.row({"MX", mx_text(language, domain.relay)});
  table.row({"SRV", srv});
  table.row({"autoconfig", file_text(language, domain.autoconfig)});
  table.row({"autodiscover", file_text(language, domain.autodiscover)});
  table.row({"MTA-STS", sts_text(language, domain.relay)});
  table.row({"TLSRPT", std::string{report.in(language)}});
  table.row({"TLSA", tlsa_text(language, domain.relay)});
  std::string out = text::paragraph("", say(language, domain_msg("domain.title"), name), width) +
                    table.render(width);
  if (comparison.differences.empty() && comparison.confirmed)
    out += text::paragraph("  ", domain_msg("domain.agrees").in(language), width);
  for (auto const& one : comparison.differences)
    out += text::paragraph("  ", sentence(language, one), width);
  return out;
}
}  // namespace pb::advisor
