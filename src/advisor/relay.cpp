// relay.cpp: see relay.hpp.
// Spec: RFC 7672 §3.1.1 (DANE-EE: no names, no dates), §3.2.3 (for DANE-TA the host's or the
// domain's name), §2.2.1 (an insecure answer is no DANE); RFC 8461 §4.2.     Tests: relay_test.cpp
#include "advisor/relay.hpp"

#include <algorithm>

#include "advisor/messages.hpp"
#include "advisor/probe_screen.hpp"
#include "base/encoding.hpp"
#include "dane/record.hpp"
#include "dane/verify.hpp"
#include "dns/name.hpp"
#include "text/layout.hpp"

namespace pb::advisor {
using text::Language;
using text::say;
namespace {
constexpr std::size_t width = 80;
constexpr std::int64_t day = 24 * 60 * 60;

AttemptFacts const* deciding(RelayHost const& host) {
  for (auto const& port : host.facts.ports) {
    for (auto const& attempt : port.attempts)
      if (attempt.tls.handshake == Handshake::ok) return &attempt;
    if (!port.attempts.empty()) return &port.attempts.front();
  }
  return nullptr;
}

/// Faults that a sender without DANE or MTA-STS does not look at (RFC 7435).
bool only_certificate(Fault fault) { return name(fault).starts_with("cert-"); }

bool trusted(RelayVerdict::Host const& host) {
  return host.port.security == Security::starttls && host.port.faults.empty();
}

void blame(RelayVerdict& out, RelayFacts const& facts, std::size_t index, Delivery delivery) {
  out.delivery = delivery;
  out.cause_host = facts.hosts[index].host;
  auto const& faults = out.hosts[index].port.faults;
  if (!faults.empty()) out.cause = faults.front();
}

void sum_up(RelayVerdict& out, RelayFacts const& facts) {
  auto const all = [&](auto const& test) { return std::ranges::all_of(out.hosts, test); };
  auto const encrypted = [](RelayVerdict::Host const& host) {
    return host.port.security == Security::starttls;
  };
  for (std::size_t i = 0; i < out.hosts.size(); ++i) {
    auto const& host = out.hosts[i];
    bool const danger =
        host.dane == Dane::mismatch || std::ranges::any_of(host.port.faults, [](Fault fault) {
          return info(fault).kind == Kind::danger && !only_certificate(fault);
        });
    if (danger) return blame(out, facts, i, Delivery::danger);
  }
  bool const enforced = facts.sts && facts.sts->mode == mtasts::Mode::enforce;
  if (all([](auto const& host) { return host.dane == Dane::matches; })) {
    out.delivery = Delivery::dane;
  } else if (enforced && all([](auto const& host) { return host.listed && trusted(host); })) {
    out.delivery = Delivery::mta_sts;
  } else if (all(encrypted)) {
    out.delivery = Delivery::opportunistic;
  } else {
    for (std::size_t i = 0; i < out.hosts.size(); ++i) {
      auto const security = out.hosts[i].port.security;
      if (security == Security::cleartext) return blame(out, facts, i, Delivery::cleartext);
    }
    bool const any = std::ranges::any_of(out.hosts, encrypted);
    auto const bad = std::ranges::find_if_not(out.hosts, encrypted);
    blame(out, facts, static_cast<std::size_t>(bad - out.hosts.begin()),
          any ? Delivery::opportunistic : Delivery::none);
  }
}

text::Text word(Dane dane) {
  switch (dane) {
    case Dane::none:
      return msg("relay.no_dane");
    case Dane::not_signed:
      return msg("relay.dane_not_signed");
    case Dane::unusable:
      return msg("relay.dane_unusable");
    case Dane::matches:
      return msg("relay.dane_matches");
    case Dane::mismatch:
      return msg("relay.dane_mismatch");
  }
  return msg("relay.no_dane");
}

std::string happened(Language language, RelayFacts const& facts, std::size_t index,
                     RelayVerdict::Host const& verdict) {
  auto const* attempt = deciding(facts.hosts[index]);
  std::string_view const mark = language == Language::en ? "; " : "；";
  std::string out;
  for (Fault fault : verdict.port.faults) {
    if (!out.empty()) out += mark;
    out += info(fault).title.in(language);
  }
  if (out.empty() && attempt != nullptr && !attempt->tls.chain.empty()) {
    out = say(language, msg("cell.valid_days"),
              (attempt->tls.chain.front().not_after - facts.now) / day);
  }
  out += std::string{out.empty() ? "" : mark} + std::string{word(verdict.dane).in(language)};
  if (!verdict.listed) out += std::string{mark} + std::string{msg("relay.not_listed").in(language)};
  return out;
}

std::string sentence(Language language, RelayFacts const& facts, RelayVerdict const& verdict) {
  std::string const domain = escape_for_display(facts.domain, 80);
  std::string const host = escape_for_display(verdict.cause_host, 80);
  std::string const why =
      verdict.cause ? std::string{info(*verdict.cause).title.in(language)} : std::string{};
  if (facts.null_mx) return say(language, msg("relay.null"), domain);
  switch (verdict.delivery) {
    case Delivery::dane:
      return say(language, msg("relay.dane"), domain);
    case Delivery::mta_sts:
      return say(language, msg("relay.sts"), domain);
    case Delivery::opportunistic:
      return say(language, msg("relay.opportunistic"), domain);
    case Delivery::cleartext:
      return say(language, msg("relay.cleartext"), domain, host);
    case Delivery::none:
      return facts.hosts.empty() ? say(language, msg("relay.no_host"), domain)
                                 : say(language, msg("relay.none"), domain, why);
    case Delivery::danger:
      return why.empty() || only_certificate(*verdict.cause)
                 ? say(language, msg("relay.danger_dane"), host)
                 : say(language, msg("relay.danger"), host, why);
  }
  return {};
}

std::string sts_text(Language language, RelayFacts const& facts) {
  if (facts.sts) return say(language, msg("relay.sts_mode"), mtasts::text(facts.sts->mode));
  if (!facts.sts_announced) return std::string{msg("relay.sts_none").in(language)};
  return say(language, msg("relay.sts_broken"), escape_for_display(facts.sts_problem, 160));
}
}  // namespace

std::string_view name(Dane dane) {
  switch (dane) {
    case Dane::none:
      return "none";
    case Dane::not_signed:
      return "not-signed";
    case Dane::unusable:
      return "unusable";
    case Dane::matches:
      return "matches";
    case Dane::mismatch:
      return "mismatch";
  }
  return "";
}

std::string_view name(Delivery delivery) {
  switch (delivery) {
    case Delivery::dane:
      return "dane";
    case Delivery::mta_sts:
      return "mta-sts";
    case Delivery::opportunistic:
      return "opportunistic";
    case Delivery::cleartext:
      return "cleartext";
    case Delivery::none:
      return "none";
    case Delivery::danger:
      return "danger";
  }
  return "";
}

Dane judge_dane(RelayHost const& host, RelayFacts const& facts) {
  if (host.tlsa.empty()) return Dane::none;
  if (!host.tlsa_secure || !facts.mx_secure) return Dane::not_signed;
  if (std::ranges::none_of(host.tlsa, dane::is_usable)) return Dane::unusable;
  auto const* attempt = deciding(host);
  bool const shown = attempt != nullptr && !attempt->tls.chain.empty();
  if (!shown)
    return attempt != nullptr && attempt->opening == Opening::smtp ? Dane::mismatch : Dane::none;
  dane::ChainQuestion question{.chain = {},
                               .records = host.tlsa,
                               .names = {dns::normal_name(host.host), facts.domain},
                               .now = facts.now};
  for (auto const& one : attempt->tls.chain) question.chain.push_back(one.der);
  switch (verify_chain(question).match) {
    case dane::Match::matches:
      return Dane::matches;
    case dane::Match::unusable:
      return Dane::unusable;
    case dane::Match::no_record:
    case dane::Match::wrong_name:
    case dane::Match::broken:
    case dane::Match::no_chain:
      return Dane::mismatch;
  }
  return Dane::mismatch;
}

RelayVerdict judge_relay(RelayFacts const& facts) {
  RelayVerdict out;
  for (auto const& host : facts.hosts) {
    auto const judged = judge(host.facts, Preference::founding, nullptr);
    RelayVerdict::Host one;
    one.port.faults = judged.name_faults;
    if (!judged.ports.empty()) {
      auto const& port = judged.ports.front();
      auto const tls = std::ranges::find_if(port.attempts, [](auto const& attempt) {
        return attempt.security == Security::starttls;
      });
      if (tls != port.attempts.end()) {
        one.port = *tls;
      } else if (!port.attempts.empty()) {
        one.port = port.attempts.front();
      }
    }
    one.dane = judge_dane(host, facts);
    // What DANE-EE vouches for needs no issuer, name or date.
    if (one.dane == Dane::matches) std::erase_if(one.port.faults, only_certificate);
    one.listed = !facts.sts || mtasts::matches(*facts.sts, host.host);
    out.hosts.push_back(std::move(one));
  }
  if (!facts.null_mx && !out.hosts.empty()) sum_up(out, facts);
  return out;
}

std::string relay_screen(Language language, RelayFacts const& facts, RelayVerdict const& verdict) {
  std::string const domain = escape_for_display(facts.domain, 80);
  std::string out =
      text::paragraph("", say(language, msg("relay.title"), domain, time_text(facts.now)), width) +
      "\n";
  for (std::size_t i = 0; i < facts.hosts.size(); ++i) {
    auto const& host = verdict.hosts[i];
    auto const* attempt = deciding(facts.hosts[i]);
    bool const tls = host.port.security == Security::starttls && attempt != nullptr;
    std::string line = fmt::format("  {:>3} {}", facts.hosts[i].preference,
                                   escape_for_display(facts.hosts[i].host, 50));
    if (tls) line += "  STARTTLS, " + attempt->tls.version;
    out += line + "\n" + text::paragraph("      ", happened(language, facts, i, host), width);
  }
  if (!facts.hosts.empty()) out += "\n";
  out += text::paragraph("", sentence(language, facts, verdict), width);
  if (!facts.null_mx && !facts.hosts.empty()) {
    out += "\n" + text::paragraph("  ", sts_text(language, facts), width);
    if (verdict.delivery == Delivery::none)
      out += text::paragraph("  ", msg("relay.where").in(language), width);
  }
  return out +
         fmt::format("\n{}  packetboat domain check {}\n", msg("advise.next").in(language), domain);
}
}  // namespace pb::advisor
