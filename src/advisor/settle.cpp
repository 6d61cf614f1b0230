// settle.cpp: see settle.hpp.
// Spec: the test column of the symptom table. A measured fault outranks what the text suggests.
// Tests: settle_test.cpp
#include "advisor/settle.hpp"

#include <algorithm>
#include <vector>

#include "advisor/messages.hpp"
#include "base/encoding.hpp"
#include "text/layout.hpp"

namespace pb::advisor {
using text::say;
namespace {
constexpr std::size_t width = 80;

std::vector<Fault> candidates(Explanation const& explanation) {
  std::vector<Fault> out{explanation.fault};
  out.insert(out.end(), explanation.others.begin(), explanation.others.end());
  return out;
}

/// What a server in order leaves: `fault` is then in the program, or is ruled out.
bool fits(Fault fault, Security security) {
  if (fault == Fault::implicit_tls_on_starttls_port || fault == Fault::starttls_required ||
      fault == Fault::tls_was_optional) {
    return security == Security::starttls;
  }
  if (fault == Fault::cleartext_on_tls_port || fault == Fault::starttls_on_tls_port) {
    return security == Security::implicit_tls;
  }
  if (fault == Fault::cert_ca_store_old) return security != Security::cleartext;  // verified here
  Kind const kind = info(fault).kind;
  return kind == Kind::login || kind == Kind::settings;
}

/// A chain that verifies here fails elsewhere when the issuers known there are old (row 20).
bool about_issuer(Fault fault) {
  return fault == Fault::cert_missing_intermediate || fault == Fault::cert_unknown_issuer ||
         fault == Fault::cert_ca_store_old;
}

text::Text sentence(Settled::How how) {
  switch (how) {
    case Settled::How::measured:
      return msg("settle.measured");
    case Settled::How::fits:
      return msg("settle.fits");
    case Settled::How::not_here:
      return msg("settle.not_here");
    case Settled::How::something:
      return msg("settle.something");
  }
  return msg("settle.measured");
}
}  // namespace

std::string_view name(Settled::How how) {
  switch (how) {
    case Settled::How::measured:
      return "measured";
    case Settled::How::fits:
      return "fits";
    case Settled::How::not_here:
      return "not-here";
    case Settled::How::something:
      return "something-else";
  }
  return "";
}

std::uint16_t port_to_measure(Explanation const& explanation) {
  if (explanation.port) return *explanation.port;
  bool const implicit = explanation.fault == Fault::cleartext_on_tls_port ||
                        explanation.fault == Fault::starttls_on_tls_port;
  return implicit ? 465 : 587;
}

bool needs_controls(Explanation const& explanation) {
  return std::ranges::any_of(candidates(explanation), [](Fault fault) {
    return info(fault).kind == Kind::network || fault == Fault::host_silent;
  });
}

Settled settle(Explanation const& explanation, Verdict const& verdict, std::uint16_t port) {
  auto const likely = candidates(explanation);
  Settled out{.fault = explanation.fault};
  std::vector<Fault> seen = verdict.name_faults;
  auto const row = std::ranges::find(verdict.ports, port, &PortVerdict::port);
  if (row != verdict.ports.end() && row->deciding() != nullptr) {
    auto const& deciding = *row->deciding();
    out.security = deciding.security;
    seen.insert(seen.end(), deciding.faults.begin(), deciding.faults.end());
  }
  for (Fault fault : seen) {
    if (std::ranges::find(likely, fault) == likely.end()) continue;
    out.how = Settled::How::measured;
    out.fault = fault;
    return out;
  }
  if (!seen.empty()) {
    out.how = Settled::How::something;
    out.fault = seen.front();
    return out;
  }
  bool const issuer = std::ranges::any_of(likely, about_issuer);
  auto const fitting =
      std::ranges::find_if(likely, [&](Fault fault) { return fits(fault, out.security); });
  if (issuer || fitting != likely.end()) {
    out.how = Settled::How::fits;
    out.fault = fitting != likely.end() ? *fitting : Fault::cert_ca_store_old;
  }
  return out;
}

std::string settled_screen(text::Language language, Settled const& settled, std::string_view host,
                           std::uint16_t port) {
  std::string const shown = escape_for_display(host, 80);
  std::string out =
      text::paragraph(
          "", say(language, sentence(settled.how), shown, port, label(settled.security)), width) +
      "\n";
  if (settled.how != Settled::How::not_here) {
    auto const& fault = info(settled.fault);
    out += text::paragraph("", fault.title.in(language), width) + "\n" +
           text::paragraph("  ", fault.advice.in(language), width) +
           text::paragraph("  " + std::string{msg("explain.fault_name").in(language)} + " ",
                           fault.name, width) +
           "\n";
  }
  return out + fmt::format("{}  packetboat probe {} --port {}\n", msg("advise.next").in(language),
                           shown, port);
}
}  // namespace pb::advisor
