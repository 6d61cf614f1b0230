// judge_attempt.cpp: one function a step of the ladder; each adds what it finds.
// Spec: judge_attempt.hpp; symptom rows 3 to 30.
// Tests: tests/fault_lab
#include "advisor/judge_attempt.hpp"

#include <cerrno>

#include <algorithm>

#include "advisor/explain.hpp"
#include "base/ascii.hpp"

namespace pb::advisor {
namespace {
constexpr Millis slow_greeting{2500};
constexpr std::int64_t day = 24 * 60 * 60;

using Others = Surroundings::Others;

Fault timeout_fault(AttemptFacts const& attempt, Surroundings const& around) {
  if (attempt.connect.sent_nothing) return Fault::local_firewall;
  if (around.other_family_open && attempt.endpoint.address.is_v6()) return Fault::ipv6_broken;
  switch (around.others) {
    case Others::answer:
      return Fault::host_silent;
    case Others::silent:
      return Fault::port_blocked_here;
    case Others::refuse:
    case Others::unknown:
      break;
  }
  return around.anything_open ? Fault::port_blocked_here : Fault::host_silent;
}

Fault refused_fault(AttemptFacts const& attempt, Surroundings const& around) {
  if (attempt.endpoint.address.is_loopback()) return Fault::loopback_refused;
  if (around.all_refused) return Fault::this_computer_refuses_all;
  return attempt.connect.by_icmp ? Fault::port_refused_by_icmp : Fault::connection_refused;
}

Fault unreachable_fault(AttemptFacts const& attempt, Surroundings const& around) {
  auto const& connect = attempt.connect;
  bool const v4 = attempt.endpoint.address.is_v4();
  if (!v4 && !connect.by_icmp && connect.error == ENETUNREACH) return Fault::ipv6_no_route;
  if (!v4 && around.other_family_open) return Fault::ipv6_broken;
  if (connect.by_icmp) {
    bool const prohibited =
        v4 ? connect.icmp_code == 9 || connect.icmp_code == 10 || connect.icmp_code == 13
           : connect.icmp_code == 1;
    if (prohibited) return Fault::firewall_refuses;
    bool const network = connect.icmp_code == 0;
    return network ? Fault::network_unreachable : Fault::host_unreachable;
  }
  if (around.all_unreachable) return Fault::no_network;
  return connect.error == EHOSTUNREACH ? Fault::host_unreachable : Fault::network_unreachable;
}

std::optional<Fault> connect_fault(AttemptFacts const& attempt, Surroundings const& around) {
  switch (attempt.connect.tcp) {
    case Tcp::open:
      return std::nullopt;
    case Tcp::timeout:
      return timeout_fault(attempt, around);
    case Tcp::refused:
      return refused_fault(attempt, around);
    case Tcp::unreachable:
      return unreachable_fault(attempt, around);
    case Tcp::local_policy:
      return attempt.connect.error == EPERM ? Fault::local_firewall : Fault::local_policy;
    case Tcp::unknown:
      return Fault::host_silent;
  }
  return Fault::host_silent;
}

std::optional<Fault> handshake_fault(Handshake handshake) {
  switch (handshake) {
    case Handshake::ok:
    case Handshake::not_tried:
      return std::nullopt;
    case Handshake::closed:
      return Fault::tls_closed;
    case Handshake::reset:
      return Fault::tls_reset;
    case Handshake::silence:
      return Fault::tls_silent;
    case Handshake::not_tls:
      return Fault::tls_not_spoken;
    case Handshake::old_version:
      return Fault::tls_version_too_old;
    case Handshake::no_cipher:
      return Fault::tls_no_common_cipher;
    case Handshake::weak_key:
      return Fault::tls_weak_key;
    case Handshake::wants_certificate:
      return Fault::tls_client_certificate_wanted;
    case Handshake::refused:
      return Fault::tls_refused;
  }
  return std::nullopt;
}

std::optional<Fault> silence_fault(AttemptFacts const& attempt) {
  switch (attempt.tls.handshake) {
    case Handshake::ok:
      return std::nullopt;
    case Handshake::not_tried:
    case Handshake::silence:
      return Fault::silent_after_connect;
    case Handshake::not_tls:
      return Fault::greeting_not_smtp;
    case Handshake::closed:
    case Handshake::reset:
    case Handshake::old_version:
    case Handshake::no_cipher:
    case Handshake::weak_key:
    case Handshake::wants_certificate:
    case Handshake::refused:
      return handshake_fault(attempt.tls.handshake);
  }
  return Fault::silent_after_connect;
}

Fault greeting_code_fault(AttemptFacts const& attempt) {
  std::string const text = ascii::to_lower(attempt.greeting);
  bool const limit =
      text.contains("too many") || text.contains("connection limit") || text.contains("concurrent");
  if (limit) return Fault::too_many_connections;
  return attempt.greeting_code < 500 ? Fault::greeting_try_later : Fault::greeting_refused;
}

std::optional<Fault> greeting_fault(AttemptFacts const& attempt, Surroundings const& around) {
  switch (attempt.opening) {
    case Opening::smtp:
      if (attempt.greeting_code == 220) return std::nullopt;
      return greeting_code_fault(attempt);
    case Opening::none:
    case Opening::silence:
      return silence_fault(attempt);
    case Opening::http:
      return around.web_page_everywhere ? Fault::captive_portal : Fault::web_server_answers;
    case Opening::other_service:
      return Fault::other_service_answers;
    case Opening::garbage:
      return Fault::greeting_not_smtp;
    case Opening::closed:
      return Fault::closed_on_connect;
    case Opening::reset:
      return Fault::reset_on_connect;
  }
  return Fault::silent_after_connect;
}

std::optional<Fault> ehlo_fault(EhloFacts const& ehlo) {
  if (ehlo.endless) return Fault::ehlo_endless;
  if (ehlo.code == 250) return std::nullopt;
  if (ehlo.code != 0) return Fault::ehlo_refused;
  switch (ehlo.end) {
    case EhloFacts::End::replied:
      return Fault::greeting_not_smtp;
    case EhloFacts::End::silence:
      return Fault::ehlo_no_answer;
    case EhloFacts::End::closed:
    case EhloFacts::End::reset:
      return Fault::closed_after_ehlo;
  }
  return Fault::ehlo_no_answer;
}

std::optional<Fault> starttls_fault(AttemptFacts const& attempt, Surroundings const& around) {
  if (!attempt.before.starttls) {
    bool const stripped =
        attempt.before.masked || around.other_family_starttls || around.provider_promises_starttls;
    return stripped ? Fault::starttls_stripped : Fault::starttls_not_offered;
  }
  switch (attempt.starttls) {
    case StartTls::ready:
      return handshake_fault(attempt.tls.handshake);
    case StartTls::refused:
      return Fault::starttls_refused;
    case StartTls::not_asked:
    case StartTls::silence:
      return Fault::starttls_no_answer;
    case StartTls::closed:
      return Fault::tls_closed;
  }
  return Fault::starttls_no_answer;
}

bool has(TlsFacts const& tls, CertError error) {
  return std::ranges::find(tls.errors, error) != tls.errors.end();
}

/// Issuers that programs on the way or on this computer put in place of the real one.
bool is_interceptor(std::string_view issuer) {
  constexpr std::string_view marks[] = {
      "avast",     "avg ",   "kaspersky",  "eset ",       "bitdefender", "zscaler",    "fortinet",
      "fortigate", "sophos", "palo alto",  "umbrella",    "netskope",    "dr.web",     "mcafee web",
      "blue coat", "squid",  "checkpoint", "check point", "untangle",    "mail shield"};
  std::string const lower = ascii::to_lower(issuer);
  return std::ranges::any_of(marks, [&](auto mark) { return lower.contains(mark); });
}

bool same_issuer_elsewhere(AttemptFacts const& attempt, Surroundings const& around) {
  return std::ranges::any_of(around.same_port_controls, [&](auto const* control) {
    return !control->tls.chain.empty() &&
           control->tls.chain.front().issuer == attempt.tls.chain.front().issuer &&
           control->tls.chain.front().sha256 != attempt.tls.chain.front().sha256;
  });
}

bool is_redirected(AttemptFacts const& attempt, Surroundings const& around) {
  return std::ranges::any_of(around.same_port_controls, [&](auto const* control) {
    bool const same_certificate =
        !control->tls.chain.empty() && !attempt.tls.chain.empty() &&
        control->tls.chain.front().sha256 == attempt.tls.chain.front().sha256;
    bool const same_banner = !attempt.greeting.empty() && control->greeting == attempt.greeting;
    return (same_certificate || same_banner) &&
           control->endpoint.address != attempt.endpoint.address;
  });
}

std::optional<Fault> trust_fault(AttemptFacts const& attempt, Surroundings const& around) {
  auto const& tls = attempt.tls;
  if (tls.store_empty) return Fault::cert_ca_store_old;
  if (has(tls, CertError::weak)) return Fault::tls_weak_key;
  bool const unknown =
      has(tls, CertError::self_signed_root) || has(tls, CertError::issuer_not_found);
  auto const& leaf = tls.chain.front();
  if (unknown && (is_interceptor(leaf.issuer) || same_issuer_elsewhere(attempt, around))) {
    return Fault::cert_intercepted;
  }
  if (has(tls, CertError::self_signed)) return Fault::cert_self_signed;
  if (has(tls, CertError::issuer_not_found)) {
    bool const alone = tls.chain.size() == 1 && leaf.has_issuer_url;
    return alone ? Fault::cert_missing_intermediate : Fault::cert_unknown_issuer;
  }
  if (unknown) return Fault::cert_unknown_issuer;
  if (has(tls, CertError::wrong_purpose)) return Fault::cert_not_for_servers;
  if (has(tls, CertError::other)) return Fault::cert_unknown_issuer;
  return std::nullopt;
}

void certificate_faults(ProbeFacts const& facts, AttemptFacts const& attempt,
                        Surroundings const& around, AttemptVerdict& out) {
  auto const& tls = attempt.tls;
  if (tls.chain.empty()) return;
  if (!tls.name_matches && is_redirected(attempt, around)) {
    out.faults.push_back(Fault::smtp_redirected);
    return;
  }
  if (auto const fault = trust_fault(attempt, around)) out.faults.push_back(*fault);
  bool const dates = has(tls, CertError::expired) || has(tls, CertError::not_yet_valid);
  if (dates && around.controls_wrong_dates) {
    out.faults.push_back(Fault::clock_wrong);
  } else if (has(tls, CertError::expired)) {
    out.faults.push_back(Fault::cert_expired);
  } else if (has(tls, CertError::not_yet_valid)) {
    out.faults.push_back(Fault::cert_not_yet_valid);
  }
  if (!tls.name_matches) {
    bool const literal = facts.name.literal || facts.host == "localhost";
    out.faults.push_back(literal ? Fault::cert_for_name_not_address : Fault::cert_name_mismatch);
  }
  std::int64_t const left = tls.chain.front().not_after - facts.now;
  if (out.faults.empty() && left < 14 * day) out.notes.push_back(Fault::cert_expires_soon);
}

void login_faults(AttemptFacts const& attempt, AttemptVerdict& out) {
  bool const relay = attempt.endpoint.port == 25;
  if (!relay && attempt.after.auth.empty()) out.faults.push_back(Fault::auth_not_offered);
  bool const password = std::ranges::any_of(attempt.after.auth, [](auto const& mechanism) {
    return mechanism == "PLAIN" || mechanism == "LOGIN" || mechanism == "CRAM-MD5" ||
           mechanism.starts_with("SCRAM-");
  });
  if (!attempt.after.auth.empty() && !password) {
    out.faults.push_back(Fault::auth_no_password_method);
  }
  switch (attempt.login) {
    case Login::not_tried:
    case Login::no_mechanism:
    case Login::accepted:
      break;
    case Login::closed:
      out.faults.push_back(Fault::closed_after_login);
      break;
    case Login::refused: {
      auto const known = explain(attempt.login_reply);
      bool const login = known && info(known->fault).kind == Kind::login;
      out.faults.push_back(login ? known->fault : Fault::login_refused);
      break;
    }
  }
}

Security security_of(AttemptFacts const& attempt) {
  if (attempt.tls.handshake == Handshake::ok) {
    return attempt.implicit_tls ? Security::implicit_tls : Security::starttls;
  }
  bool const talks = attempt.opening == Opening::smtp && attempt.greeting_code == 220 &&
                     attempt.before.code == 250;
  return talks ? Security::cleartext : Security::none;
}
}  // namespace

AttemptVerdict judge_attempt(ProbeFacts const& facts, AttemptFacts const& attempt,
                             Surroundings const& around) {
  AttemptVerdict out;
  auto const stop = [&](std::optional<Fault> fault) {
    if (fault) out.faults.push_back(*fault);
    return fault.has_value();
  };
  if (stop(connect_fault(attempt, around))) return out;
  out.security = security_of(attempt);
  if (around.middlebox) out.faults.push_back(Fault::middlebox_answers_all);
  if (stop(greeting_fault(attempt, around))) return out;
  if (attempt.greeting_after > slow_greeting) out.notes.push_back(Fault::greeting_slow);
  if (attempt.retried_alone) out.notes.push_back(Fault::too_many_connections);
  if (!attempt.implicit_tls) {
    if (stop(ehlo_fault(attempt.before))) return out;
    if (!attempt.before.auth.empty()) out.notes.push_back(Fault::auth_offered_in_clear);
    if (stop(starttls_fault(attempt, around))) return out;
  }
  if (attempt.injected) out.faults.push_back(Fault::starttls_injection);
  if (attempt.tls.handshake != Handshake::ok) {
    stop(handshake_fault(attempt.tls.handshake));
    return out;
  }
  certificate_faults(facts, attempt, around, out);
  bool const dropped = attempt.after.code == 0 && attempt.after.end != EhloFacts::End::silence;
  if (attempt.tls.asked_certificate && dropped) {
    out.faults.push_back(Fault::tls_client_certificate_wanted);
    return out;
  }
  if (stop(ehlo_fault(attempt.after))) return out;
  login_faults(attempt, out);
  return out;
}
}  // namespace pb::advisor
