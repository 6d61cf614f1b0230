// domain_facts_test.cpp: where a domain's files and records differ from what was measured.
// Spec: domain_facts.hpp.
#include "advisor/domain_facts.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "advisor/domain_messages.hpp"
#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "text/terms.hpp"

namespace pb::advisor {
namespace {
using text::Language;
using Kind = Difference::Kind;

struct Measured {
  ProbeFacts facts;
  Verdict verdict;
};
Measured measured(std::uint16_t port, Security security, Tcp tcp = Tcp::open) {
  Measured out;
  out.facts.host = "smtp.example.com";
  AttemptFacts attempt;
  attempt.connect.tcp = tcp;
  out.facts.ports = {{port, {attempt}}};
  AttemptVerdict judged;
  judged.security = security;
  PortVerdict one;
  one.port = port;
  one.attempts = {judged};
  out.verdict.ports = {one};
  return out;
}

DomainFacts says(std::uint16_t port, Security security, std::string host = "smtp.example.com") {
  DomainFacts out;
  out.relay.domain = "example.com";
  out.autoconfig.state = FileState::found;
  out.autoconfig.settings.servers = {
      {.host = std::move(host), .port = port, .security = security, .login_text = {}}};
  return out;
}

Comparison compared(DomainFacts const& domain, Measured const& what) {
  return compare(domain, what.facts, what.verdict);
}

TEST(DomainFacts, that_were_measured_to_be_true_are_confirmed) {
  auto const got = compared(says(587, Security::starttls), measured(587, Security::starttls));
  EXPECT_TRUE(got.confirmed);
  EXPECT_TRUE(got.differences.empty());
}

TEST(DomainFacts, that_name_the_other_encryption_differ) {
  auto const got = compared(says(465, Security::starttls), measured(465, Security::implicit_tls));
  ASSERT_EQ(got.differences.size(), 1U);
  EXPECT_EQ(got.differences[0].kind, Kind::other_security);
  EXPECT_EQ(got.differences[0].measured, Security::implicit_tls);
}

TEST(DomainFacts, that_name_a_port_where_nothing_listens_differ_but_silence_proves_nothing) {
  auto const domain = says(587, Security::starttls);
  auto const refused = compared(domain, measured(587, Security::none, Tcp::refused));
  ASSERT_EQ(refused.differences.size(), 1U);
  EXPECT_EQ(refused.differences[0].kind, Kind::not_offered);
  auto const silent = compared(domain, measured(587, Security::none, Tcp::timeout));
  EXPECT_TRUE(silent.differences.empty());
  EXPECT_FALSE(silent.confirmed);
}

TEST(DomainFacts, of_another_host_or_port_are_not_judged) {
  auto const what = measured(587, Security::none);
  EXPECT_TRUE(compared(says(587, Security::starttls, "other.example"), what).differences.empty());
  EXPECT_TRUE(compared(says(465, Security::implicit_tls), what).differences.empty());
}

TEST(DomainFacts, that_tell_programs_not_to_encrypt_are_a_difference_wherever_they_point) {
  auto const got =
      compared(says(25, Security::cleartext, "other.example"), measured(587, Security::starttls));
  ASSERT_EQ(got.differences.size(), 1U);
  EXPECT_EQ(got.differences[0].kind, Kind::in_the_clear);
}

TEST(DomainScreen, fits_eighty_columns_and_shows_nothing_of_a_peer_raw) {
  auto domain = says(587, Security::starttls);
  domain.autoconfig.settings.servers[0].login = LoginForm::other;
  domain.autoconfig.settings.servers[0].login_text = "\x1b[31mred";
  domain.autodiscover = {.state = FileState::wants_login,
                         .url = "https://autodiscover.example.com/autodiscover/autodiscover.xml",
                         .settings = {}};
  auto const comparison = compared(domain, measured(587, Security::none));
  for (auto language : text::all_languages) {
    auto const screen = domain_screen(language, domain, comparison);
    EXPECT_EQ(screen.find('\x1b'), std::string::npos);
    for (auto line : ascii::split(screen, '\n'))
      if (!line.contains("://")) EXPECT_LE(utf8::columns(line), 80U) << line;
  }
  auto const screen = domain_screen(Language::en, domain, comparison);
  EXPECT_NE(screen.find("Correct autoconfig: it says smtp.example.com:587 STARTTLS, but mail"),
            std::string::npos)
      << screen;
}

TEST(DomainMessages, keep_to_the_terms) {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::stringstream all;
  all << file.rdbuf();
  auto const terms = text::parse_terms(all.str());
  for (auto const& message : domain_catalogue)
    for (auto const& complaint : text::complaints(message.text, terms))
      ADD_FAILURE() << message.id << ": " << complaint;
}
}  // namespace
}  // namespace pb::advisor
