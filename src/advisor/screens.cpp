// screens.cpp: see screens.hpp.
// Spec: docs/reference/command-line.md.
// Tests: screens_test.cpp
#include "advisor/screens.hpp"

#include <algorithm>

#include "advisor/messages.hpp"
#include "base/encoding.hpp"
#include "text/layout.hpp"

namespace pb::advisor {
using text::Language;
using text::say;
namespace {
constexpr std::size_t width = 80;

Policy policy_of(NetworkPolicy const& network, std::uint16_t port) {
  switch (port) {
    case 25:
      return network.p25;
    case 465:
      return network.p465;
    case 587:
      return network.p587;
    case 2525:
      return network.p2525;
    default:  // not an enum
      return Policy::unknown;
  }
}

std::string joined(std::vector<std::string> const& parts, Language language) {
  std::string out;
  for (auto const& part : parts) {
    if (!out.empty()) out += language == Language::en ? ", " : "、";
    out += part;
  }
  return out;
}

std::string blockers(std::uint16_t port, Language language) {
  std::vector<std::string> names;
  for (auto const& network : networks()) {
    Policy const policy = policy_of(network, port);
    if (policy != Policy::blocked && policy != Policy::restricted) continue;
    names.push_back(std::string{network.name} + (language == Language::en ? " " : "") +
                    say(language, msg("ports.seen"), network.seen));
  }
  return joined(names, language);
}

std::string offerers(std::uint16_t port, Language language) {
  std::vector<std::string> names;
  for (auto const& provider : providers()) {
    auto const offers = std::ranges::count(provider.offers, port, &Offer::port);
    if (offers > 0) names.emplace_back(provider.name);
  }
  return joined(names, language);
}

std::string labelled(std::string_view label, std::string_view text, Language language) {
  std::string const first = "  " + std::string{label} + (language == Language::en ? ": " : "：");
  return text::paragraph(first, text, width);
}
}  // namespace

std::string ports_screen(Language language) {
  std::string out = text::paragraph("", msg("ports.title").in(language), width) + "\n";
  text::Table table;
  table.row({std::string{msg("col.port").in(language)},
             std::string{msg("col.encryption").in(language)},
             std::string{msg("col.purpose").in(language)}});
  for (auto const& port : ports()) {
    table.row({fmt::format("{}", port.port), std::string{label(port.security)},
               std::string{port.purpose.in(language)}});
  }
  out += table.render(width) + "\n";
  out += text::paragraph("", msg("ports.order").in(language), width);
  for (auto const& text : {msg("ports.founding"), msg("ports.rfc8314"), msg("ports.equal")}) {
    out += text::paragraph("  ", text.in(language), width);
  }
  out += "\n" + std::string{msg("advise.next").in(language)} + "  packetboat ports 465\n";
  return out;
}

std::string port_screen(Language language, std::uint16_t number) {
  auto const* port = find_port(number);
  if (port == nullptr) {
    return text::paragraph("", say(language, msg("ports.unknown"), number), width);
  }
  std::string out =
      fmt::format("{}  {}  {}\n", port->port, label(port->security), port->purpose.in(language));
  if (!port->service.empty()) {
    out += text::paragraph("  ", say(language, msg("ports.iana"), port->service), width);
  }
  out += labelled(msg("ports.who").in(language), port->who.in(language), language);
  if (!port->history.empty()) {
    out += "\n  " + std::string{msg("ports.history").in(language)} + "\n";
    text::Table table{4};
    for (auto const& event : port->history) {
      table.row({event.year == 0 ? "-" : fmt::format("{}", event.year), std::string{event.source},
                 std::string{event.what.in(language)}});
    }
    out += table.render(width);
  }
  auto const blocked = blockers(number, language);
  if (!blocked.empty()) {
    out += "\n" + labelled(msg("ports.blocked").in(language), blocked, language);
  }
  auto const offered = offerers(number, language);
  if (!offered.empty()) {
    out += "\n" + labelled(msg("ports.offered").in(language), offered, language);
  }
  return out;
}

std::vector<Choice> choices(AdviceRequest const& request) {
  std::vector<Choice> out;
  auto const add = [&](std::uint16_t port, Security security) {
    Policy const policy =
        request.network == nullptr ? Policy::unknown : policy_of(*request.network, port);
    bool const can = request.program == nullptr || !word(*request.program, security).empty();
    if (can) out.push_back({port, security, policy});
  };
  if (request.provider == nullptr) {
    for (auto port : order(request.preference)) add(port, find_port(port)->security);
  } else {
    for (auto const& offer : request.provider->offers) {
      if (offer.port != 0) add(offer.port, offer.security);
    }
    if (request.preference != Preference::provider) {
      auto const wanted = order(request.preference);
      auto const place = [&](Choice const& choice) {
        return std::ranges::find(wanted, choice.port) - wanted.begin();
      };
      std::ranges::stable_sort(out, {}, place);
    }
  }
  std::ranges::stable_sort(out, {}, [](auto const& c) { return c.policy == Policy::blocked; });
  return out;
}

namespace {
std::string known_blocks(Language language, NetworkPolicy const& network) {
  std::vector<std::string> ports;
  for (auto port : std::initializer_list<std::uint16_t>{25, 465, 587, 2525}) {
    if (policy_of(network, port) == Policy::blocked) ports.push_back(fmt::format("{}", port));
  }
  if (ports.empty()) return {};
  return text::paragraph("  ",
                         say(language, msg("advise.blocked"), network.name, joined(ports, language),
                             network.seen),
                         width) +
         text::paragraph("  ", say(language, msg("advise.lift"), network.lift.in(language)), width);
}

std::string fields(Language language, AdviceRequest const& request, Choice const& first) {
  std::string out;
  if (request.provider != nullptr) {
    out += labelled(msg("advise.host").in(language), request.provider->host, language);
  }
  if (request.program != nullptr) {
    out += text::paragraph("  ",
                           say(language, msg("advise.word"), request.program->name,
                               word(*request.program, first.security)),
                           width);
  }
  if (request.provider != nullptr) {
    out += labelled(msg("advise.login").in(language),
                    login_text(request.provider->login).in(language), language);
  }
  return out;
}
}  // namespace

std::string advice_screen(Language language, AdviceRequest const& request) {
  auto const all = choices(request);
  std::string const provider{request.provider == nullptr ? "-" : request.provider->name};
  if (all.empty() || all.front().policy == Policy::blocked) {
    std::string const network{request.network == nullptr ? "-" : request.network->name};
    std::string out =
        text::paragraph("", say(language, msg("advise.none_left"), provider, network), width);
    if (request.network != nullptr) out += known_blocks(language, *request.network);
    return out;
  }
  Choice const& first = all.front();
  std::string out = text::paragraph(
      "", say(language, msg("advise.use"), first.port, label(first.security)), width);
  out += "\n" + fields(language, request, first);
  bool const only465 = request.provider != nullptr && request.provider->offers[0].port == 465 &&
                       request.provider->offers[1].port == 0;
  if (only465) {
    out += text::paragraph("  ", say(language, msg("advise.only465"), provider), width);
  }
  std::string rest;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i].policy == Policy::blocked) continue;
    if (!rest.empty()) rest += msg("advise.or").in(language);
    rest += say(language, msg("advise.port_with"), all[i].port, label(all[i].security));
  }
  if (!rest.empty()) {
    out += text::paragraph("  ", say(language, msg("advise.else"), rest), width);
  }
  if (request.network != nullptr) out += known_blocks(language, *request.network);
  if (request.program != nullptr && request.program->kind == ProgramKind::server) {
    out += text::paragraph("  ", msg("advise.server").in(language), width);
  }
  if (request.provider != nullptr) {
    out += text::paragraph(
        "  ", say(language, msg("advise.source"), request.provider->source, request.provider->seen),
        width);
  }
  std::string const host{request.provider == nullptr ? "HOST" : request.provider->host};
  out += fmt::format("\n{}  packetboat probe {}\n", msg("advise.next").in(language), host);
  return out;
}

namespace {
std::string elsewhere(Explanation const& explanation) {
  std::string out;
  std::size_t shown = 0;
  for (auto const& symptom : symptoms()) {
    bool const same = symptom.fault == explanation.symptom->fault;
    if (!same || symptom.program == explanation.symptom->program || shown == 4) continue;
    if (symptom.weight == Weight::bare || symptom.program.contains("zh") ||
        symptom.text.contains(" * "))
      continue;
    out += fmt::format("{}{}: \"{}\"", out.empty() ? "" : "; ", symptom.program, symptom.text);
    ++shown;
  }
  return out;
}

bool about_certificates(Fault fault) { return name(fault).starts_with("cert-"); }
}  // namespace

std::string explanation_head(Language language, Explanation const& explanation) {
  if (!explanation.whole_log) return std::string{msg("explain.is_error").in(language)} + "\n\n";
  return say(language, msg("explain.is_log"), explanation.line) + "\n  " +
         escape_for_display(explanation.quote, 160) + "\n\n";
}

std::string explanation_screen(Language language, Explanation const& explanation,
                               std::string_view host) {
  FaultInfo const& fault = info(explanation.fault);
  std::string out = explanation_head(language, explanation);
  out += text::paragraph("", fault.title.in(language), width) + "\n";
  out += text::paragraph("  " + std::string{msg("explain.most").in(language)} + " ",
                         fault.advice.in(language), width);
  for (Fault other : explanation.others) {
    out += text::paragraph("  " + std::string{msg("explain.less").in(language)} + " ",
                           info(other).title.in(language), width);
  }
  bool const verify_first = explanation.fault == Fault::implicit_tls_on_starttls_port;
  if (about_certificates(explanation.fault) || verify_first) {
    out += text::paragraph("  ", msg("explain.not").in(language), width);
  }
  auto const same = elsewhere(explanation);
  if (!same.empty()) {
    out += text::paragraph("  " + std::string{msg("explain.elsewhere").in(language)} + " ", same,
                           width);
  }
  out += text::paragraph("  " + std::string{msg("explain.fault_name").in(language)} + " ",
                         fault.name, width);
  out += fmt::format("\n{}  packetboat probe {}{}\n", msg("explain.sure").in(language),
                     host.empty() ? "HOST" : escape_for_display(host, 80),
                     explanation.port ? fmt::format(" --port {}", *explanation.port) : "");
  return out;
}

std::string unknown_screen(Language language, std::string_view host) {
  return text::paragraph("", msg("explain.unknown").in(language), width) +
         text::paragraph("  ", msg("explain.unknown_next").in(language), width) +
         fmt::format("\n{}  packetboat probe {}\n", msg("advise.next").in(language),
                     host.empty() ? "HOST" : escape_for_display(host, 80));
}
}  // namespace pb::advisor
