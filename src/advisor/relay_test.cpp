// relay_test.cpp: what DANE, MTA-STS and STARTTLS of a domain's MX hosts come to.
// Spec: relay.hpp; RFC 7672 §2.2, §3.1; RFC 8461 §4.
#include "advisor/relay.hpp"

#include <gtest/gtest.h>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "dane/test_certificates.hpp"

namespace pb::advisor {
namespace {
using text::Language;
constexpr std::int64_t now = 1'795'000'000;

dane::TestCertificate const& issuer() {
  static dane::TestCertificate const made{"Issuer", now, nullptr};
  return made;
}
/// Of mx.example.com.
dane::TestCertificate const& certificate() {
  static dane::TestCertificate const made{"mx.example.com", now, &issuer()};
  return made;
}

RelayHost host(std::string const& name) {
  RelayHost out{.host = name, .preference = 10, .facts = {}, .tlsa = {}};
  out.facts.host = name;
  out.facts.now = now;
  out.facts.name.addresses = {*IpAddress::parse("192.0.2.25")};
  AttemptFacts attempt;
  attempt.endpoint = {*IpAddress::parse("192.0.2.25"), 25};
  attempt.connect.tcp = Tcp::open;
  attempt.opening = Opening::smtp;
  attempt.greeting_code = 220;
  attempt.before = {.asked = true, .code = 250, .keywords = {}, .auth = {}, .starttls = true};
  attempt.starttls = StartTls::ready;
  attempt.tls.handshake = Handshake::ok;
  attempt.tls.version = "TLS 1.3";
  attempt.tls.name_matches = true;
  attempt.tls.chain = {{.subject = "CN=" + name,
                        .issuer = "CN=Issuer",
                        .common_name = name,
                        .names = {name},
                        .not_before = now - 1000,
                        .not_after = now + 60 * 86400,
                        .sha256 = std::string(64, 'a'),
                        .der = certificate().der()},
                       {.subject = "CN=Issuer",
                        .issuer = "CN=Issuer",
                        .common_name = "Issuer",
                        .names = {},
                        .der = issuer().der()}};
  attempt.after = {.asked = true, .code = 250, .keywords = {}, .auth = {}};
  out.facts.ports = {{25, {attempt}}};
  return out;
}

dns::Tlsa tlsa(std::uint8_t usage, dane::TestCertificate const& of) {
  return {usage, 1, 1, dane::TestCertificate::sha256(of.key_der())};
}
dns::Tlsa wrong_tlsa() { return {3, 1, 1, std::string(32, 'c')}; }
AttemptFacts& attempt_of(RelayHost& host) { return host.facts.ports[0].attempts[0]; }

RelayFacts domain(std::vector<RelayHost> hosts) {
  RelayFacts out{.domain = "example.com", .now = now};
  out.mx_secure = true;
  out.hosts = std::move(hosts);
  return out;
}

TEST(Relay, starttls_alone_is_only_opportunistic) {
  auto const verdict = judge_relay(domain({host("mx.example.com")}));
  EXPECT_EQ(verdict.delivery, Delivery::opportunistic);
}

TEST(Relay, dane_that_matches_on_every_host_protects_even_a_private_issuer) {
  auto one = host("mx.example.com");
  one.tlsa = {tlsa(3, certificate())};
  one.tlsa_secure = true;
  attempt_of(one).tls.errors = {CertError::self_signed};
  EXPECT_EQ(judge_relay(domain({one})).delivery, Delivery::dane);
  EXPECT_EQ(judge_relay(domain({one, host("mx2.example.com")})).delivery, Delivery::opportunistic);
}

TEST(Relay, dane_without_dnssec_does_not_count) {
  auto one = host("mx.example.com");
  one.tlsa = {wrong_tlsa()};
  auto const verdict = judge_relay(domain({one}));
  EXPECT_EQ(verdict.hosts[0].dane, Dane::not_signed);
  EXPECT_EQ(verdict.delivery, Delivery::opportunistic);
  one.tlsa_secure = true;
  auto facts = domain({one});
  facts.mx_secure = false;
  EXPECT_EQ(judge_relay(facts).hosts[0].dane, Dane::not_signed);
}

TEST(Relay, a_tlsa_record_of_another_key_is_a_danger_and_names_the_host) {
  auto one = host("mx.example.com");
  one.tlsa = {wrong_tlsa()};
  one.tlsa_secure = true;
  auto const facts = domain({one});
  auto const verdict = judge_relay(facts);
  EXPECT_EQ(verdict.delivery, Delivery::danger);
  EXPECT_TRUE(
      relay_screen(Language::en, facts, verdict).contains("TLSA record or the certificate"));
}

TEST(Relay, dane_ta_wants_the_name_too) {
  auto one = host("mx.example.com");
  one.tlsa = {tlsa(2, issuer())};
  one.tlsa_secure = true;
  auto const judged = [](RelayHost const& host) { return judge_dane(host, domain({host})); };
  EXPECT_EQ(judged(one), Dane::matches);
  one.host = "other.example";
  EXPECT_EQ(judged(one), Dane::mismatch);
  one.tlsa = {{0, 1, 1, std::string(32, 'x')}};
  EXPECT_EQ(judged(one), Dane::unusable);
}

TEST(Relay, an_issuer_that_is_only_shown_does_not_vouch) {
  auto one = host("mx.example.com");
  dane::TestCertificate const stranger{"Stranger", now, nullptr};
  attempt_of(one).tls.chain[1].der = stranger.der();
  one.tlsa = {tlsa(2, stranger)};
  one.tlsa_secure = true;
  EXPECT_EQ(judge_dane(one, domain({one})), Dane::mismatch);
}

TEST(Relay, an_enforced_policy_wants_every_host_listed_and_verified) {
  auto facts = domain({host("mx.example.com")});
  facts.sts_announced = true;
  facts.sts =
      *mtasts::parse_policy("version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 86400\n");
  EXPECT_EQ(judge_relay(facts).delivery, Delivery::mta_sts);
  facts.hosts.push_back(host("other.example.net"));
  auto const verdict = judge_relay(facts);
  EXPECT_EQ(verdict.delivery, Delivery::opportunistic);
  EXPECT_FALSE(verdict.hosts[1].listed);
}

TEST(Relay, no_starttls_is_cleartext_and_a_masked_one_a_danger) {
  auto one = host("mx.example.com");
  attempt_of(one).before.starttls = false;
  attempt_of(one).tls = {};
  EXPECT_EQ(judge_relay(domain({one})).delivery, Delivery::cleartext);
  attempt_of(one).before.masked = true;
  EXPECT_EQ(judge_relay(domain({one})).delivery, Delivery::danger);
}

TEST(Relay, every_screen_fits_eighty_columns) {
  auto silent = host("mx.example.com");
  attempt_of(silent) = {};
  attempt_of(silent).endpoint = {*IpAddress::parse("192.0.2.25"), 25};
  attempt_of(silent).connect.tcp = Tcp::timeout;
  auto facts = domain({silent, host("a-rather-long-name-of-a-host.example.com")});
  RelayFacts nothing = domain({});
  nothing.null_mx = true;
  for (auto language : text::all_languages) {
    for (auto const& one : {facts, nothing, domain({silent}), domain({})}) {
      auto const screen = relay_screen(language, one, judge_relay(one));
      for (auto line : ascii::split(screen, '\n')) EXPECT_LE(utf8::columns(line), 80U) << line;
      EXPECT_TRUE(screen.contains("packetboat domain check example.com")) << screen;
    }
  }
}
}  // namespace
}  // namespace pb::advisor
