// verdict.cpp: looks at all ports together: what is blocked here, what to use, and why.
// Spec: verdict.hpp; preference order in ports.hpp.
// Tests: tests/fault_lab
#include "advisor/verdict.hpp"

#include <algorithm>

#include "advisor/judge_attempt.hpp"

namespace pb::advisor {
std::string_view name(Tcp tcp) {
  switch (tcp) {
    case Tcp::unknown:
      return "unknown";
    case Tcp::open:
      return "open";
    case Tcp::timeout:
      return "timeout";
    case Tcp::refused:
      return "refused";
    case Tcp::unreachable:
      return "unreachable";
    case Tcp::local_policy:
      return "local-policy";
  }
  return "unknown";
}

bool PortVerdict::usable() const {
  return port != 25 && std::ranges::any_of(attempts, &AttemptVerdict::usable);
}
AttemptVerdict const* PortVerdict::deciding() const {
  if (attempts.empty()) return nullptr;
  auto const works = std::ranges::find_if(attempts, &AttemptVerdict::usable);
  return works == attempts.end() ? &attempts.front() : &*works;
}

namespace {
using Others = Surroundings::Others;

struct Totals {
  bool all_refused = true, all_unreachable = true, any_attempt = false, any_open = false;
};

void count(AttemptFacts const& attempt, Totals& totals) {
  if (attempt.endpoint.port == 0) return;
  totals.any_attempt = true;
  totals.all_refused = totals.all_refused && attempt.connect.tcp == Tcp::refused;
  totals.all_unreachable =
      totals.all_unreachable && attempt.connect.tcp == Tcp::unreachable && !attempt.connect.by_icmp;
}

Totals count_all(ProbeFacts const& facts) {
  Totals totals;
  bool other_host = false;
  for (auto const& port : facts.ports) {
    for (auto const& attempt : port.attempts) {
      count(attempt, totals);
      totals.any_open = totals.any_open || attempt.connect.tcp == Tcp::open;
    }
  }
  for (auto const& control : facts.controls) {
    count(control.attempt, totals);
    other_host = other_host || (control.role == ControlFacts::Role::other_server &&
                                control.attempt.endpoint.port != 0);
    totals.any_open = totals.any_open || (control.role == ControlFacts::Role::web_port &&
                                          control.attempt.connect.tcp == Tcp::open);
  }
  // Without another host "everything is refused" would only speak of the target.
  totals.all_refused = totals.all_refused && totals.any_attempt && other_host;
  totals.all_unreachable = totals.all_unreachable && totals.any_attempt;
  return totals;
}

Others others_on(ProbeFacts const& facts, std::uint16_t port) {
  unsigned answers = 0;
  unsigned silent = 0;
  unsigned refuse = 0;
  for (auto const& control : facts.controls) {
    bool const same = control.role == ControlFacts::Role::other_server && control.port == port;
    if (!same) continue;
    answers += control.attempt.connect.tcp == Tcp::open ? 1U : 0U;
    silent += control.attempt.connect.tcp == Tcp::timeout ? 1U : 0U;
    refuse += control.attempt.connect.tcp == Tcp::refused ? 1U : 0U;
  }
  if (answers > 0) return Others::answer;
  if (silent > 0) return Others::silent;
  return refuse > 0 ? Others::refuse : Others::unknown;
}

bool promises_starttls(Provider const* provider, std::uint16_t port) {
  if (provider == nullptr) return false;
  return std::ranges::any_of(provider->offers, [&](auto const& offer) {
    return offer.port == port && offer.security == Security::starttls;
  });
}

Surroundings surroundings(ProbeFacts const& facts, Totals const& totals, PortFacts const& port,
                          std::size_t self, Provider const* provider) {
  Surroundings out;
  out.others = others_on(facts, port.port);
  out.all_refused = totals.all_refused;
  out.all_unreachable = totals.all_unreachable;
  out.anything_open = totals.any_open;
  out.provider_promises_starttls = promises_starttls(provider, port.port);
  for (std::size_t i = 0; i < port.attempts.size(); ++i) {
    if (i == self) continue;
    out.other_family_open = out.other_family_open || port.attempts[i].connect.tcp == Tcp::open;
    out.other_family_starttls = out.other_family_starttls || port.attempts[i].before.starttls;
  }
  for (auto const& control : facts.controls) {
    auto const& attempt = control.attempt;
    bool const closed = control.role == ControlFacts::Role::closed_port;
    out.middlebox = out.middlebox || (closed && attempt.connect.tcp == Tcp::open);
    bool const other = control.role == ControlFacts::Role::other_server;
    if (!other || control.port != port.port) continue;
    out.same_port_controls.push_back(&attempt);
    out.web_page_everywhere = out.web_page_everywhere || attempt.opening == Opening::http;
    out.controls_wrong_dates =
        out.controls_wrong_dates || std::ranges::any_of(attempt.tls.errors, [](auto error) {
          return error == CertError::expired || error == CertError::not_yet_valid;
        });
  }
  return out;
}

Fault fault_of(NameState state) {
  switch (state) {
    case NameState::ok:
    case NameState::not_found:
      return Fault::name_not_found;
    case NameState::no_address:
      return Fault::name_has_no_address;
    case NameState::server_failed:
      return Fault::dns_server_failed;
    case NameState::no_answer:
      return Fault::dns_no_answer;
    case NameState::bogus:
      return Fault::dnssec_bogus;
  }
  return Fault::name_not_found;
}

bool same_addresses(std::vector<IpAddress> a, std::vector<IpAddress> b) {
  // A name with many addresses answers in parts: one in common is agreement.
  return std::ranges::any_of(
      a, [&](auto const& address) { return std::ranges::find(b, address) != b.end(); });
}

void judge_name(ProbeFacts const& facts, Verdict& out) {
  auto const& name = facts.name;
  if (name.malformed) {
    out.name_faults.push_back(Fault::name_malformed);
    return;
  }
  if (name.literal) return;
  if (name.system != NameState::ok) {
    bool const told =
        name.asked && name.direct != NameState::ok && name.direct != NameState::no_answer;
    bool const mute =
        name.asked && name.direct == NameState::no_answer && name.system == NameState::no_answer;
    NameState const state = told ? name.direct : mute ? NameState::no_answer : name.system;
    out.name_faults.push_back(fault_of(state));
    return;
  }
  bool const loopback = std::ranges::all_of(name.addresses, &IpAddress::is_loopback);
  if (loopback) out.notes.push_back(Fault::name_is_loopback);
  if (!loopback && std::ranges::any_of(name.addresses, &IpAddress::is_private)) {
    out.notes.push_back(Fault::name_is_private);
  }
  if (!name.asked || name.direct == NameState::no_answer || loopback) return;
  bool const longer =
      name.canonical.size() > facts.host.size() + 1 && name.canonical.starts_with(facts.host + ".");
  if (longer) {
    out.notes.push_back(Fault::search_domain_added);
  } else if (!same_addresses(name.addresses, name.direct_addresses)) {
    out.notes.push_back(Fault::dns_answers_differ);
  }
}

/// Which ports this network drops decides what the drop is called (symptom rows 4, 6, 7).
void name_the_block(Verdict& out) {
  auto const dropped = [&](std::uint16_t port) {
    return std::ranges::find(out.blocked, port) != out.blocked.end();
  };
  bool const open_587 = std::ranges::any_of(out.ports, [](auto const& port) {
    return port.port == 587 && port.deciding() != nullptr &&
           port.deciding()->security != Security::none;
  });
  bool const some = dropped(465) && dropped(25) && open_587;
  bool const all = dropped(25) && dropped(465) && dropped(587);
  if (!some && !all) return;
  for (auto& port : out.ports) {
    if (port.port != 25 && port.port != 465 && port.port != 587) continue;
    for (auto& attempt : port.attempts) {
      std::ranges::replace(
          attempt.faults, Fault::port_blocked_here,
          all ? Fault::all_submission_ports_blocked : Fault::ports_465_and_25_blocked);
    }
  }
}

std::vector<std::uint16_t> wanted_ports(ProbeFacts const& facts, Preference preference,
                                        Provider const* provider) {
  std::vector<std::uint16_t> out;
  auto const probed = [&](std::uint16_t port) {
    return std::ranges::find(facts.ports, port, &PortFacts::port) != facts.ports.end();
  };
  auto const add = [&](std::uint16_t port) {
    bool const known = std::ranges::find(out, port) != out.end();
    if (port != 0 && port != 25 && probed(port) && !known) out.push_back(port);
  };
  if (provider != nullptr && preference == Preference::provider) {
    for (auto const& offer : provider->offers) add(offer.port);
  }
  for (auto port : order(preference)) {
    bool const offered =
        provider == nullptr || std::ranges::count(provider->offers, port, &Offer::port) > 0;
    if (offered) add(port);
  }
  if (provider != nullptr) {
    for (auto const& offer : provider->offers) add(offer.port);
  }
  for (auto const& port : facts.ports) add(port.port);
  return out;
}

PortVerdict const* find(Verdict const& verdict, std::uint16_t port) {
  auto const row = std::ranges::find(verdict.ports, port, &PortVerdict::port);
  return row == verdict.ports.end() ? nullptr : &*row;
}

void choose(Verdict& out) {
  for (auto number : out.wanted) {
    auto const* port = find(out, number);
    if (port == nullptr || !port->usable()) continue;
    auto& slot = out.advice ? out.fallback : out.advice;
    if (!slot) slot = ChosenPort{number, port->deciding()->security};
  }
}

bool is_danger(Fault fault) { return info(fault).kind == Kind::danger; }

/// The fault of the first choice; a danger anywhere outranks it, because it must be said.
void find_cause(Verdict& out) {
  for (bool const danger : {true, false}) {
    for (auto number : out.wanted) {
      auto const* port = find(out, number);
      if (port == nullptr) continue;
      for (auto const& attempt : port->attempts) {
        for (auto fault : attempt.faults) {
          bool const before_advice = !out.advice || number != out.advice->port;
          if (out.cause || (danger && !is_danger(fault)) || (!danger && !before_advice)) continue;
          out.cause = fault;
          out.cause_port = number;
        }
      }
      if (!danger && out.advice && number == out.advice->port) return;
    }
  }
}

Outcome outcome_of(Verdict const& out) {
  if (!out.name_faults.empty()) {
    bool const typed = out.name_faults.front() == Fault::name_malformed;
    return typed ? Outcome::nothing : Outcome::this_computer;
  }
  bool const danger = out.cause && is_danger(*out.cause);
  if (danger) return Outcome::danger;
  if (out.advice) {
    return out.advice->port == out.wanted.front() ? Outcome::first_choice : Outcome::other_choice;
  }
  bool const here = out.cause && info(*out.cause).kind == Kind::here;
  return here ? Outcome::this_computer : Outcome::nothing;
}

void judge_host(ProbeFacts const& facts, Verdict& out) {
  bool const dead = std::ranges::any_of(facts.further, [](auto const& attempt) {
    return attempt.connect.tcp == Tcp::timeout || attempt.connect.tcp == Tcp::unreachable;
  });
  std::vector<std::string> leaves;
  bool any_open = false;
  for (auto const& port : facts.ports) {
    for (auto const& attempt : port.attempts) {
      any_open = any_open || attempt.connect.tcp == Tcp::open;
      if (port.port == 25 || attempt.tls.chain.empty()) continue;
      leaves.push_back(attempt.tls.chain.front().sha256);
    }
  }
  if (dead && any_open) out.notes.push_back(Fault::one_address_dead);
  bool const differ =
      std::ranges::any_of(leaves, [&](auto const& leaf) { return leaf != leaves.front(); });
  if (differ) out.notes.push_back(Fault::certs_differ_between_ports);
}
}  // namespace

Verdict judge(ProbeFacts const& facts, Preference preference, Provider const* provider) {
  Verdict out;
  judge_name(facts, out);
  out.wanted = wanted_ports(facts, preference, provider);
  if (!out.name_faults.empty()) {
    out.cause = out.name_faults.front();
    out.outcome = outcome_of(out);
    return out;
  }
  Totals const totals = count_all(facts);
  for (auto const& port : facts.ports) {
    PortVerdict verdict{.port = port.port, .attempts = {}};
    for (std::size_t i = 0; i < port.attempts.size(); ++i) {
      verdict.attempts.push_back(
          judge_attempt(facts, port.attempts[i], surroundings(facts, totals, port, i, provider)));
      auto const& faults = verdict.attempts.back().faults;
      bool const blocked = std::ranges::find(faults, Fault::port_blocked_here) != faults.end();
      bool const known = std::ranges::find(out.blocked, port.port) != out.blocked.end();
      if (blocked && !known) out.blocked.push_back(port.port);
    }
    out.ports.push_back(std::move(verdict));
  }
  // "No IPv6 here" stops nothing where IPv4 answers.
  for (auto& port : out.ports) {
    bool const other = port.attempts.size() > 1;
    for (auto& attempt : port.attempts) {
      bool const no_route = other && attempt.faults == std::vector{Fault::ipv6_no_route};
      if (no_route) attempt.notes.push_back(Fault::ipv6_no_route);
      if (no_route) attempt.faults.clear();
    }
  }
  name_the_block(out);
  judge_host(facts, out);
  choose(out);
  find_cause(out);
  out.outcome = outcome_of(out);
  return out;
}
}  // namespace pb::advisor
