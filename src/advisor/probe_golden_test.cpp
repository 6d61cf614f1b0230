// probe_golden_test.cpp: for each named fault, from fixed facts: verdict, sentence and next line in
// three languages, as tests/vectors/probe_verdicts.txt has them (PB_GOLDEN=write makes it anew).
// Spec: docs/reference/faults.md.                     Not here: measuring (tests/fault_lab).
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "advisor/probe_screen.hpp"
#include "base/ascii.hpp"
#include "base/utf8.hpp"

namespace pb::advisor {
namespace {
constexpr std::int64_t now = 1'795'000'000;
constexpr std::int64_t day = 24 * 60 * 60;
constexpr char const* golden_file = PB_SOURCE_DIR "/tests/vectors/probe_verdicts.txt";

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

EhloFacts ehlo(bool starttls, std::vector<std::string> auth) {
  EhloFacts out{.asked = true, .code = 250, .keywords = {}, .auth = std::move(auth)};
  out.starttls = starttls;
  return out;
}

CertFacts leaf(std::string const& host) {
  return {.subject = "CN=" + host,
          .issuer = "CN=Some Issuer",
          .common_name = host,
          .names = {host},
          .not_before = now - 30 * day,
          .not_after = now + 60 * day,
          .sha256 = "11",
          .has_issuer_url = true};
}

AttemptFacts healthy(std::string const& host, std::string_view ip, std::uint16_t port) {
  AttemptFacts out;
  out.endpoint = {address(ip), port};
  out.connect.tcp = Tcp::open;
  out.opening = Opening::smtp;
  out.greeting_code = 220;
  out.greeting = "220 " + host + " ESMTP";
  out.implicit_tls = port == 465;
  if (!out.implicit_tls) out.before = ehlo(true, {});
  out.starttls = out.implicit_tls ? StartTls::not_asked : StartTls::ready;
  out.tls.handshake = Handshake::ok;
  out.tls.version = "TLS 1.3";
  out.tls.chain = {leaf(host), leaf("Some Issuer")};
  out.tls.name_matches = true;
  out.after = ehlo(
      false, port == 25 ? std::vector<std::string>{} : std::vector<std::string>{"PLAIN", "LOGIN"});
  return out;
}

constexpr std::array<std::uint16_t, 4> four_ports{587, 2525, 465, 25};

/// A healthy host on four ports, two healthy controls, 443 open, the closed port closed.
ProbeFacts world() {
  ProbeFacts out{.target = "smtp.example.com", .host = "smtp.example.com", .now = now};
  out.name.addresses = out.name.direct_addresses = {address("192.0.2.10")};
  out.name.asked = true;
  for (std::uint16_t const port : four_ports) {
    out.ports.push_back({port, {healthy(out.host, "192.0.2.10", port)}});
    std::uint8_t last = 20;
    for (std::string const host : {"mail.other.example", "mx.third.example"}) {
      auto const ip = "198.51.100." + std::to_string(last++);
      auto attempt = healthy(host, ip, port);
      attempt.tls = {};  // of controls only the greeting is looked at
      out.controls.push_back({host, port, ControlFacts::Role::other_server, attempt});
    }
  }
  AttemptFacts web;
  web.endpoint = {address("192.0.2.10"), 443};
  web.connect.tcp = Tcp::open;
  out.controls.push_back({out.host, 443, ControlFacts::Role::web_port, web});
  AttemptFacts closed;
  closed.endpoint = {address("192.0.2.10"), 9};
  closed.connect.tcp = Tcp::refused;
  out.controls.push_back({out.host, 9, ControlFacts::Role::closed_port, closed});
  return out;
}

void lose(AttemptFacts& attempt, Tcp tcp, int error = 0) {
  Endpoint const endpoint = attempt.endpoint;
  attempt = {};
  attempt.endpoint = endpoint;
  attempt.connect = {.tcp = tcp, .error = error, .took = Millis{5000}};
}
void icmp(AttemptFacts& attempt, unsigned code, int error) {
  lose(attempt, error == ECONNREFUSED ? Tcp::refused : Tcp::unreachable, error);
  attempt.connect.by_icmp = true;
  attempt.connect.icmp_type = 3;
  attempt.connect.icmp_code = code;
}
/// Everything after the TCP connection is taken away.
void mute(AttemptFacts& attempt, Opening opening) {
  lose(attempt, Tcp::open);
  attempt.opening = opening;
}
void cut_tls(AttemptFacts& attempt, Handshake how) {
  attempt.tls = {};
  attempt.tls.handshake = how;
  attempt.after = {};
}
void everywhere(ProbeFacts& f, std::function<void(AttemptFacts&)> const& change) {
  for (auto& port : f.ports) std::ranges::for_each(port.attempts, change);
}
void at_controls(ProbeFacts& f, std::function<void(AttemptFacts&)> const& change) {
  for (auto& control : f.controls) change(control.attempt);
}
AttemptFacts& on(ProbeFacts& f, std::uint16_t port) {
  return std::ranges::find(f.ports, port, &PortFacts::port)->attempts.front();
}
/// The same port of the target and of the controls.
void drop(ProbeFacts& f, std::uint16_t port) {
  lose(on(f, port), Tcp::timeout);
  for (auto& control : f.controls)
    if (control.port == port) lose(control.attempt, Tcp::timeout);
}
void no_name(ProbeFacts& f, NameState state) {
  f.name.system = f.name.direct = state;
  f.name.addresses.clear();
  f.name.direct_addresses.clear();
  f.ports.clear();
  f.controls.clear();
}
AttemptFacts& ipv6(ProbeFacts& f, std::uint16_t port) {
  auto& attempts = std::ranges::find(f.ports, port, &PortFacts::port)->attempts;
  attempts.push_back(healthy(f.host, "2001:db8::10", port));
  return attempts.back();
}
void ipv6_on_all(ProbeFacts& f, Tcp tcp, int error) {
  for (std::uint16_t const port : four_ports) lose(ipv6(f, port), tcp, error);
}

struct Case {
  Fault fault;
  std::function<void(ProbeFacts&)> change;
};
using F = ProbeFacts&;
using E = EhloFacts::End;

// tidy: long function, because it is a table.
std::vector<Case> reach_cases() {
  return {
      {Fault::name_not_found, [](F f) { no_name(f, NameState::not_found); }},
      {Fault::name_has_no_address, [](F f) { no_name(f, NameState::no_address); }},
      {Fault::dns_server_failed, [](F f) { no_name(f, NameState::server_failed); }},
      {Fault::dns_no_answer, [](F f) { no_name(f, NameState::no_answer); }},
      {Fault::dnssec_bogus, [](F f) { no_name(f, NameState::bogus); }},
      {Fault::name_malformed,
       [](F f) {
         no_name(f, NameState::ok);
         f.name.malformed = true;
       }},
      {Fault::dns_answers_differ, [](F f) { f.name.direct_addresses = {address("192.0.2.99")}; }},
      {Fault::name_is_loopback, [](F f) { f.name.addresses = {address("127.0.0.1")}; }},
      {Fault::name_is_private,
       [](F f) { f.name.addresses = f.name.direct_addresses = {address("10.0.0.1")}; }},
      {Fault::search_domain_added, [](F f) { f.name.canonical = f.host + ".corp.example"; }},
      {Fault::no_network,
       [](F f) {
         auto const gone = [](AttemptFacts& a) { lose(a, Tcp::unreachable, ENETUNREACH); };
         everywhere(f, gone);
         at_controls(f, gone);
       }},
      {Fault::this_computer_refuses_all,
       [](F f) {
         auto const no = [](AttemptFacts& a) { lose(a, Tcp::refused, ECONNREFUSED); };
         everywhere(f, no);
         at_controls(f, no);
       }},
      {Fault::local_firewall, [](F f) { lose(on(f, 587), Tcp::local_policy, EPERM); }},
      {Fault::local_policy, [](F f) { lose(on(f, 587), Tcp::local_policy, EACCES); }},
      {Fault::port_blocked_here, [](F f) { drop(f, 587); }},
      {Fault::ports_465_and_25_blocked,
       [](F f) {
         drop(f, 465);
         drop(f, 25);
         lose(on(f, 2525), Tcp::refused, ECONNREFUSED);
       }},
      {Fault::all_submission_ports_blocked,
       [](F f) {
         for (std::uint16_t p : {std::uint16_t{25}, std::uint16_t{465}, std::uint16_t{587}})
           drop(f, p);
       }},
      {Fault::host_silent,
       [](F f) { everywhere(f, [](AttemptFacts& a) { lose(a, Tcp::timeout); }); }},
      {Fault::network_unreachable, [](F f) { icmp(on(f, 587), 0, ENETUNREACH); }},
      {Fault::host_unreachable, [](F f) { icmp(on(f, 587), 1, EHOSTUNREACH); }},
      {Fault::firewall_refuses, [](F f) { icmp(on(f, 587), 13, EHOSTUNREACH); }},
      {Fault::port_refused_by_icmp, [](F f) { icmp(on(f, 587), 3, ECONNREFUSED); }},
      {Fault::ipv6_no_route, [](F f) { ipv6_on_all(f, Tcp::unreachable, ENETUNREACH); }},
      {Fault::ipv6_broken, [](F f) { ipv6_on_all(f, Tcp::timeout, 0); }},
      {Fault::loopback_refused,
       [](F f) {
         f.name.addresses = {address("127.0.0.1")};
         everywhere(f, [](AttemptFacts& a) {
           a.endpoint.address = address("127.0.0.1");
           lose(a, Tcp::refused, ECONNREFUSED);
         });
       }},
      {Fault::connection_refused, [](F f) { lose(on(f, 587), Tcp::refused, ECONNREFUSED); }},
      {Fault::one_address_dead,
       [](F f) {
         AttemptFacts a;
         a.connect.tcp = Tcp::timeout;
         f.further = {a};
       }},
      {Fault::middlebox_answers_all,
       [](F f) { f.controls.back().attempt.connect.tcp = Tcp::open; }},
      {Fault::captive_portal,
       [](F f) {
         auto const page = [](AttemptFacts& a) { mute(a, Opening::http); };
         everywhere(f, page);
         at_controls(f, page);
         f.controls.back().attempt.connect.tcp = Tcp::refused;
       }},
      {Fault::smtp_redirected,
       [](F f) {
         auto const same = [](AttemptFacts& a) {
           a.greeting = "220 relay.webhost.example";
           a.tls.chain = {leaf("relay.webhost.example")};
           a.tls.name_matches = false;
         };
         everywhere(f, same);
         for (auto& c : f.controls)
           if (c.role == ControlFacts::Role::other_server) same(c.attempt);
       }},
  };
}

// tidy: long function, because it is a table.
std::vector<Case> talk_cases() {
  return {
      {Fault::silent_after_connect,
       [](F f) {
         mute(on(f, 587), Opening::silence);
         on(f, 587).tls.handshake = Handshake::silence;
       }},
      {Fault::web_server_answers, [](F f) { mute(on(f, 587), Opening::http); }},
      {Fault::other_service_answers, [](F f) { mute(on(f, 587), Opening::other_service); }},
      {Fault::closed_on_connect, [](F f) { mute(on(f, 587), Opening::closed); }},
      {Fault::reset_on_connect, [](F f) { mute(on(f, 587), Opening::reset); }},
      {Fault::greeting_refused,
       [](F f) {
         mute(on(f, 587), Opening::smtp);
         on(f, 587).greeting_code = 554;
       }},
      {Fault::greeting_try_later,
       [](F f) {
         mute(on(f, 587), Opening::smtp);
         on(f, 587).greeting_code = 421;
       }},
      {Fault::too_many_connections,
       [](F f) {
         mute(on(f, 587), Opening::smtp);
         on(f, 587).greeting_code = 421;
         on(f, 587).greeting = "421 too many connections";
       }},
      {Fault::greeting_not_smtp, [](F f) { mute(on(f, 587), Opening::garbage); }},
      {Fault::greeting_slow, [](F f) { on(f, 587).greeting_after = Millis{9000}; }},
      {Fault::ehlo_refused,
       [](F f) {
         on(f, 587).before = {.asked = true, .code = 501, .keywords = {}, .auth = {}};
         cut_tls(on(f, 587), Handshake::not_tried);
       }},
      {Fault::ehlo_no_answer,
       [](F f) {
         on(f, 587).before = {.asked = true, .keywords = {}, .auth = {}, .end = E::silence};
         cut_tls(on(f, 587), Handshake::not_tried);
       }},
      {Fault::ehlo_endless,
       [](F f) {
         on(f, 587).before.endless = true;
         cut_tls(on(f, 587), Handshake::not_tried);
       }},
      {Fault::closed_after_ehlo,
       [](F f) {
         on(f, 587).before = {.asked = true, .keywords = {}, .auth = {}, .end = E::closed};
         cut_tls(on(f, 587), Handshake::not_tried);
       }},
      {Fault::starttls_stripped,
       [](F f) {
         on(f, 587).before = ehlo(false, {});
         on(f, 587).before.masked = true;
         cut_tls(on(f, 587), Handshake::not_tried);
       }},
      {Fault::starttls_not_offered,
       [](F f) {
         on(f, 587).before = ehlo(false, {});
         cut_tls(on(f, 587), Handshake::not_tried);
       }},
      {Fault::starttls_refused,
       [](F f) {
         on(f, 587).starttls = StartTls::refused;
         cut_tls(on(f, 587), Handshake::not_tried);
       }},
      {Fault::starttls_no_answer,
       [](F f) {
         on(f, 587).starttls = StartTls::silence;
         cut_tls(on(f, 587), Handshake::not_tried);
       }},
      {Fault::starttls_injection, [](F f) { on(f, 587).injected = true; }},
      {Fault::tls_closed, [](F f) { cut_tls(on(f, 587), Handshake::closed); }},
      {Fault::tls_reset, [](F f) { cut_tls(on(f, 587), Handshake::reset); }},
      {Fault::tls_silent, [](F f) { cut_tls(on(f, 587), Handshake::silence); }},
      {Fault::tls_version_too_old, [](F f) { cut_tls(on(f, 587), Handshake::old_version); }},
      {Fault::tls_no_common_cipher, [](F f) { cut_tls(on(f, 587), Handshake::no_cipher); }},
      {Fault::tls_weak_key, [](F f) { cut_tls(on(f, 587), Handshake::weak_key); }},
      {Fault::tls_not_spoken, [](F f) { cut_tls(on(f, 587), Handshake::not_tls); }},
      {Fault::tls_refused, [](F f) { cut_tls(on(f, 587), Handshake::refused); }},
      {Fault::tls_client_certificate_wanted,
       [](F f) { cut_tls(on(f, 587), Handshake::wants_certificate); }},
  };
}

void errors(F f, std::vector<CertError> const& list, bool match = true) {
  for (auto& port : f.ports) {
    for (auto& attempt : port.attempts) {
      attempt.tls.errors = list;
      attempt.tls.name_matches = match;
    }
  }
}

// tidy: long function, because it is a table.
std::vector<Case> certificate_cases() {
  return {
      {Fault::cert_ca_store_old,
       [](F f) { everywhere(f, [](AttemptFacts& a) { a.tls.store_empty = true; }); }},
      {Fault::cert_missing_intermediate,
       [](F f) {
         errors(f, {CertError::issuer_not_found});
         everywhere(f, [](AttemptFacts& a) { a.tls.chain.resize(1); });
       }},
      {Fault::cert_intercepted,
       [](F f) {
         errors(f, {CertError::self_signed_root});
         everywhere(f, [](AttemptFacts& a) {
           a.tls.chain.front().issuer = "CN=Avast Web/Mail Shield Root";
         });
       }},
      {Fault::cert_self_signed, [](F f) { errors(f, {CertError::self_signed}); }},
      {Fault::cert_unknown_issuer,
       [](F f) {
         errors(f, {CertError::self_signed_root});
         everywhere(f, [](AttemptFacts& a) { a.tls.chain.front().issuer = "CN=Own Root"; });
       }},
      {Fault::cert_name_mismatch, [](F f) { errors(f, {}, false); }},
      {Fault::cert_for_name_not_address,
       [](F f) {
         errors(f, {}, false);
         f.name.literal = true;
       }},
      {Fault::cert_expired, [](F f) { errors(f, {CertError::expired}); }},
      {Fault::cert_not_yet_valid, [](F f) { errors(f, {CertError::not_yet_valid}); }},
      {Fault::clock_wrong,
       [](F f) {
         errors(f, {CertError::expired});
         at_controls(f, [](AttemptFacts& a) { a.tls.errors = {CertError::expired}; });
       }},
      {Fault::cert_not_for_servers, [](F f) { errors(f, {CertError::wrong_purpose}); }},
      {Fault::cert_expires_soon,
       [](F f) { on(f, 587).tls.chain.front().not_after = now + 5 * day; }},
      {Fault::certs_differ_between_ports, [](F f) { on(f, 465).tls.chain.front().sha256 = "22"; }},
      {Fault::auth_not_offered, [](F f) { on(f, 587).after.auth.clear(); }},
      {Fault::auth_no_password_method, [](F f) { on(f, 587).after.auth = {"NTLM"}; }},
      {Fault::auth_offered_in_clear, [](F f) { on(f, 587).before.auth = {"PLAIN"}; }},
      {Fault::login_refused,
       [](F f) {
         on(f, 587).login = Login::refused;
         on(f, 587).login_reply = "535 no";
       }},
      {Fault::app_password_required,
       [](F f) {
         on(f, 587).login = Login::refused;
         on(f, 587).login_reply =
             "534 5.7.9 Application-specific password required. InvalidSecondFactor";
       }},
      {Fault::closed_after_login, [](F f) { on(f, 587).login = Login::closed; }},
  };
}

std::vector<Case> all_cases() {
  auto out = reach_cases();
  for (auto const& more : {talk_cases(), certificate_cases()})
    out.insert(out.end(), more.begin(), more.end());
  return out;
}

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::first_choice:
      return "first-choice";
    case Outcome::other_choice:
      return "other-choice";
    case Outcome::nothing:
      return "nothing";
    case Outcome::danger:
      return "danger";
    case Outcome::this_computer:
      return "this-computer";
  }
  return "";
}

bool names(Verdict const& verdict, Fault fault) {
  auto const in = [&](std::vector<Fault> const& list) {
    return std::ranges::find(list, fault) != list.end();
  };
  bool found = in(verdict.name_faults) || in(verdict.notes);
  for (auto const& port : verdict.ports) {
    for (auto const& attempt : port.attempts)
      found = found || in(attempt.faults) || in(attempt.notes);
  }
  return found;
}

std::string block(Case const& one) {
  ProbeFacts facts = world();
  one.change(facts);
  auto const verdict = judge(facts, Preference::founding, nullptr);
  EXPECT_TRUE(names(verdict, one.fault)) << name(one.fault);
  std::string out = fmt::format(
      "## {}\n{}, cause {}, advice {}\n", name(one.fault), word(verdict.outcome),
      verdict.cause ? name(*verdict.cause) : "none",
      verdict.advice ? fmt::format("{} {}", verdict.advice->port, name(verdict.advice->security))
                     : "none");
  for (auto language : text::all_languages) {
    std::string const screen = probe_screen(language, facts, verdict);
    for (auto line : ascii::split(screen, '\n')) EXPECT_LE(utf8::columns(line), 80U) << line;
    // The next line to type stands below the last empty one.
    out += fmt::format("[{}] {}\n{}", text::tag(language), probe_sentence(language, facts, verdict),
                       screen.substr(screen.rfind("\n\n") + 2));
  }
  return out;
}

TEST(ProbeGolden, verdict_sentence_and_next_line_of_every_measured_fault_in_three_languages) {
  std::string now_text;
  for (auto const& one : all_cases()) now_text += block(one) + "\n";
  if (char const* wish = std::getenv("PB_GOLDEN"); wish != nullptr) {
    std::ofstream{golden_file, std::ios::binary} << now_text;
  }
  std::ifstream file{golden_file, std::ios::binary};
  std::stringstream golden;
  golden << file.rdbuf();
  std::string const golden_text = golden.str();
  auto const want = ascii::split(golden_text, '\n');
  auto const got = ascii::split(now_text, '\n');
  ASSERT_EQ(want.size(), got.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], want[i]) << "line " << i + 1;
}

TEST(ProbeGolden, a_healthy_host_has_no_fault_and_the_first_choice) {
  auto const facts = world();
  auto const verdict = judge(facts, Preference::founding, nullptr);
  EXPECT_EQ(verdict.outcome, Outcome::first_choice);
  EXPECT_FALSE(verdict.cause);
  EXPECT_EQ(verdict.advice->port, 587);
}

TEST(ProbeGolden, cleartext_and_25_are_never_advised_whatever_is_wrong) {
  for (auto const& one : all_cases()) {
    ProbeFacts facts = world();
    one.change(facts);
    auto const verdict = judge(facts, Preference::founding, nullptr);
    if (!verdict.advice) continue;
    EXPECT_NE(verdict.advice->port, 25) << name(one.fault);
    EXPECT_NE(verdict.advice->security, Security::cleartext) << name(one.fault);
  }
}
}  // namespace
}  // namespace pb::advisor
