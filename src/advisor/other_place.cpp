// other_place.cpp: views as text and back, and what two views of one port say together.
// Spec: docs/reference/xprobe.md.                                     Tests: other_place_test.cpp
#include "advisor/other_place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace pb::advisor {
namespace {
constexpr std::string_view nothing = "-";
constexpr std::array<std::string_view, 4> tls_versions{"1.0", "1.1", "1.2", "1.3"};
constexpr std::array all_tcp{Tcp::unknown, Tcp::open,        Tcp::timeout,
                             Tcp::refused, Tcp::unreachable, Tcp::local_policy};
constexpr std::array all_security{Security::none, Security::starttls, Security::implicit_tls,
                                  Security::cleartext};
using Family = PortView::Family;
constexpr std::array all_families{Family::none, Family::ipv4, Family::ipv6};
constexpr std::size_t views_max = 2;  // a name that leads nowhere has one, an address family one

std::string_view name(Family family) {
  switch (family) {
    case Family::none:
      return "none";
    case Family::ipv4:
      return "ipv4";
    case Family::ipv6:
      return "ipv6";
  }
  return "none";
}

/// "TLS 1.3" or "TLSv1.3"; what else there may be is not told.
std::string tls_of(TlsFacts const& tls) {
  if (tls.handshake != Handshake::ok) return {};
  for (std::string_view const version : tls_versions) {
    if (tls.version.ends_with(version)) return std::string{version};
  }
  return {};
}

template <class Value, std::size_t count>
std::optional<Value> named(std::array<Value, count> const& values, std::string_view word) {
  auto const found = std::ranges::find_if(values, [&](Value one) { return name(one) == word; });
  if (found == values.end()) return std::nullopt;
  return *found;
}

bool set_faults(PortView& view, std::string_view list) {
  if (list == nothing) return true;
  for (std::string_view const word : ascii::split(list, ',')) {
    auto const fault = fault_by_name(word);
    if (!fault || view.faults.size() == faults_told_max) return false;
    view.faults.push_back(*fault);
  }
  return true;
}

/// The value behind `key`=; empty where another word stands.
std::string_view value_of(std::string_view word, std::string_view key) {
  bool const is_it = word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=';
  return is_it ? word.substr(key.size() + 1) : std::string_view{};
}

std::optional<PortView> parse_view(std::string_view line) {
  auto const words = ascii::split(line, ' ');
  if (words.size() < 5) return std::nullopt;  // more may come to stand behind them
  auto const family = named(all_families, value_of(words[0], "family"));
  auto const tcp = named(all_tcp, value_of(words[1], "tcp"));
  auto const security = named(all_security, value_of(words[2], "security"));
  std::string_view const tls = value_of(words[3], "tls");
  bool const is_version = std::ranges::find(tls_versions, tls) != tls_versions.end();
  if (!family || !tcp || !security || (!is_version && tls != nothing)) return std::nullopt;
  PortView out{.family = *family, .tcp = *tcp, .security = *security, .tls = {}, .faults = {}};
  if (is_version) out.tls = tls;
  if (!set_faults(out, value_of(words[4], "faults"))) return std::nullopt;
  return out;
}

/// Two names of one thing: which of them it is called hangs on what else was measured around it.
Fault kin_of(Fault fault) {
  if (fault == Fault::starttls_stripped) return Fault::starttls_not_offered;
  if (fault == Fault::cert_intercepted) return Fault::cert_unknown_issuer;
  if (fault == Fault::captive_portal) return Fault::web_server_answers;
  return fault;
}

bool same_first_fault(PortView const& a, PortView const& b) {
  if (a.faults.empty() || b.faults.empty()) return a.faults.empty() == b.faults.empty();
  return kin_of(a.faults.front()) == kin_of(b.faults.front());
}

/// The gravest first; a likeness of something that works outranks one of something that fails.
constexpr std::array gravity{
    Contrast::changed_here,  Contrast::no_name_here,  Contrast::blocked_here,
    Contrast::changed_there, Contrast::blocked_there, Contrast::same_in_order,
    Contrast::both_fail,     Contrast::same_fault,    Contrast::not_compared};

/// Port 25 is no port of submission, and home networks block it as a rule: it decides only where
/// nothing else was compared.
Contrast gravest(std::vector<PortContrast> const& ports) {
  for (bool const with_25 : {false, true}) {
    for (Contrast const grave : gravity) {
      bool const is_there = std::ranges::any_of(ports, [&](PortContrast const& one) {
        return one.contrast == grave && (with_25 || one.port != 25);
      });
      if (is_there && grave != Contrast::not_compared) return grave;
    }
  }
  return Contrast::not_compared;
}

std::vector<std::uint16_t> in_order_of_wishes(ProbeFacts const& facts, Verdict const& verdict) {
  std::vector<std::uint16_t> out = verdict.wanted;
  for (PortFacts const& port : facts.ports) {
    if (std::ranges::find(out, port.port) == out.end()) out.push_back(port.port);
  }
  return out;
}

PortContrast contrast_of(std::uint16_t port, std::vector<PortView> const& here,
                         std::vector<ToldPort> const& told) {
  PortContrast out;
  out.port = port;
  PortView const* const ours = deciding(here);
  if (ours != nullptr) out.here = *ours;
  auto const row = std::ranges::find(told, port, &ToldPort::port);
  if (row != told.end()) {
    out.told = row->told;
    PortView const* const theirs = deciding(row->views);
    bool const measured = row->told == ToldPort::Told::measured && theirs != nullptr;
    if (measured) out.there = *theirs;
  }
  out.contrast = compare(out.here ? &*out.here : nullptr, out.there ? &*out.there : nullptr);
  return out;
}
}  // namespace

std::vector<PortView> views_of(ProbeFacts const& facts, Verdict const& verdict,
                               std::uint16_t port) {
  std::vector<PortView> out;
  auto const measured = std::ranges::find(facts.ports, port, &PortFacts::port);
  auto const judged = std::ranges::find(verdict.ports, port, &PortVerdict::port);
  if (measured != facts.ports.end() && judged != verdict.ports.end()) {
    auto const count = std::min(measured->attempts.size(), judged->attempts.size());
    for (std::size_t i = 0; i < count; ++i) {
      AttemptFacts const& attempt = measured->attempts[i];
      PortView view;
      view.family = attempt.endpoint.address.is_v4() ? Family::ipv4 : Family::ipv6;
      view.tcp = attempt.connect.tcp;
      view.security = judged->attempts[i].security;
      view.tls = tls_of(attempt.tls);
      view.faults = judged->attempts[i].faults;
      if (view.faults.size() > faults_told_max) view.faults.resize(faults_told_max);
      out.push_back(std::move(view));
    }
  }
  if (!out.empty()) return out;
  PortView nowhere;
  if (!verdict.name_faults.empty()) nowhere.faults = {verdict.name_faults.front()};
  return {nowhere};
}

std::string views_text(std::vector<PortView> const& views) {
  std::string out;
  for (PortView const& view : views) {
    std::string faults;
    for (Fault const fault : view.faults) {
      faults += (faults.empty() ? "" : ",") + std::string{name(fault)};
    }
    out += fmt::format("{}family={} tcp={} security={} tls={} faults={}", out.empty() ? "" : "\n",
                       name(view.family), name(view.tcp), name(view.security),
                       view.tls.empty() ? nothing : view.tls, faults.empty() ? nothing : faults);
  }
  return out;
}

std::optional<std::vector<PortView>> parse_views(std::string_view text) {
  auto const lines = ascii::split(text, '\n');
  if (lines.size() > views_max) return std::nullopt;
  std::vector<PortView> out;
  for (std::string_view const line : lines) {
    auto view = parse_view(line);
    if (!view) return std::nullopt;
    out.push_back(std::move(*view));
  }
  if (out.empty()) return std::nullopt;
  return out;
}

PortView const* deciding(std::vector<PortView> const& views) {
  if (views.empty()) return nullptr;
  auto found = std::ranges::find_if(views, &PortView::in_order);
  if (found == views.end()) found = std::ranges::find(views, Tcp::open, &PortView::tcp);
  return found == views.end() ? &views.front() : &*found;
}

std::string_view name(Contrast contrast) {
  switch (contrast) {
    case Contrast::not_compared:
      return "not-compared";
    case Contrast::same_in_order:
      return "same-in-order";
    case Contrast::same_fault:
      return "same-fault";
    case Contrast::both_fail:
      return "both-fail";
    case Contrast::no_name_here:
      return "no-name-here";
    case Contrast::blocked_here:
      return "blocked-here";
    case Contrast::changed_here:
      return "changed-here";
    case Contrast::blocked_there:
      return "blocked-there";
    case Contrast::changed_there:
      return "changed-there";
  }
  return "not-compared";
}

std::string_view name(ToldPort::Told told) {
  switch (told) {
    case ToldPort::Told::measured:
      return "measured";
    case ToldPort::Told::denied:
      return "denied";
    case ToldPort::Told::too_many:
      return "too-many";
    case ToldPort::Told::unread:
      return "unread";
  }
  return "unread";
}

Contrast compare(PortView const* here, PortView const* there) {
  if (here == nullptr || there == nullptr) return Contrast::not_compared;
  bool const no_name_here = here->tcp == Tcp::unknown;
  if (no_name_here && there->tcp != Tcp::unknown) return Contrast::no_name_here;
  bool const no_name_there = there->tcp == Tcp::unknown;
  if (no_name_there && here->in_order()) return Contrast::changed_there;
  bool const open_here = here->tcp == Tcp::open;
  bool const open_there = there->tcp == Tcp::open;
  if (open_here != open_there) return open_there ? Contrast::blocked_here : Contrast::blocked_there;
  if (here->in_order() && there->in_order()) return Contrast::same_in_order;
  if (here->in_order()) return Contrast::changed_there;
  if (there->in_order()) return Contrast::changed_here;
  // A closed port is called by what lies around it; two that are closed alike are alike.
  bool const named = open_here || here->tcp == Tcp::unknown;
  bool const alike = here->tcp == there->tcp && (!named || same_first_fault(*here, *there));
  return alike ? Contrast::same_fault : Contrast::both_fail;
}

PlaceComparison compare_places(ProbeFacts const& facts, Verdict const& verdict,
                               std::vector<ToldPort> const& told) {
  PlaceComparison out;
  for (std::uint16_t const port : in_order_of_wishes(facts, verdict)) {
    out.ports.push_back(contrast_of(port, views_of(facts, verdict, port), told));
  }
  // A name that leads nowhere here leaves no ports; the server may still have found it.
  for (ToldPort const& one : told) {
    bool const known =
        std::ranges::find(out.ports, one.port, &PortContrast::port) != out.ports.end();
    if (known) continue;
    out.ports.push_back(contrast_of(one.port, views_of(facts, verdict, one.port), told));
  }
  out.finding = gravest(out.ports);
  for (PortContrast const& one : out.ports) {
    if (one.contrast == out.finding) out.because.push_back(one.port);
  }
  return out;
}
}  // namespace pb::advisor
