// tables_test.cpp: ports, providers and networks are complete, dated, and found by name.
// Spec: RFC 8314 §7.3 (465), docs/terms.md.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "advisor/ports.hpp"
#include "advisor/providers.hpp"
#include "text/terms.hpp"

namespace pb::advisor {
namespace {
void expect_terms(text::Text const& text) {
  static auto const terms = [] {
    std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
    std::stringstream all;
    all << file.rdbuf();
    return text::parse_terms(all.str());
  }();
  for (auto const& complaint : text::complaints(text, terms)) ADD_FAILURE() << complaint;
}

TEST(Ports, port_25_is_never_for_submission_and_465_is_never_called_deprecated) {
  EXPECT_FALSE(find_port(25)->for_submission);
  for (auto preference : {Preference::founding, Preference::rfc8314, Preference::provider}) {
    for (auto port : order(preference)) EXPECT_NE(port, 25);
  }
  EXPECT_TRUE(find_port(465)->for_submission);
  EXPECT_EQ(find_port(465)->history.back().source, "RFC 8314");
  EXPECT_EQ(order(Preference::founding), (std::vector<std::uint16_t>{587, 2525, 465}));
  EXPECT_EQ(order(Preference::rfc8314).front(), 465);
}

TEST(Ports, all_texts_keep_to_the_terms) {
  for (auto const& port : ports()) {
    expect_terms(port.purpose);
    expect_terms(port.who);
    for (auto const& event : port.history) expect_terms(event.what);
  }
  for (auto const& network : networks()) expect_terms(network.lift);
  for (int rule = 0; rule <= static_cast<int>(LoginRule::domain_user); ++rule) {
    expect_terms(login_text(static_cast<LoginRule>(rule)));
  }
}

TEST(Providers, are_found_by_host_domain_and_name) {
  EXPECT_EQ(provider_of_host("SMTP.Gmail.com.")->id, "gmail");
  EXPECT_EQ(provider_of_host("email-smtp.eu-west-1.amazonaws.com")->id, "ses");
  EXPECT_EQ(provider_of_domain("foxmail.com")->id, "qq");
  EXPECT_EQ(find_provider("SendGrid")->host, "smtp.sendgrid.net");
  EXPECT_EQ(provider_of_host("smtp.example.com"), nullptr);
}

TEST(Providers, a_misspelt_host_is_recognised_and_a_right_one_is_not_corrected) {
  EXPECT_EQ(near_host("smtp.gmial.com"), "smtp.gmail.com");
  EXPECT_EQ(near_host("smpt.office365.com"), "smtp.office365.com");
  EXPECT_EQ(near_host("smtp.gmail.com"), "");
  EXPECT_EQ(near_host("mail.example.org"), "");
}

TEST(Providers, every_row_has_an_offer_a_source_and_a_month_and_never_offers_25) {
  for (auto const& provider : providers()) {
    EXPECT_NE(provider.offers[0].port, 0) << provider.id;
    EXPECT_FALSE(provider.source.empty()) << provider.id;
    EXPECT_EQ(provider.seen.size(), 7U) << provider.id;
    for (auto const& offer : provider.offers) {
      if (offer.port == 0) continue;
      EXPECT_NE(offer.port, 25) << provider.id;
      ASSERT_NE(find_port(offer.port), nullptr) << provider.id << offer.port;
      EXPECT_EQ(find_port(offer.port)->security, offer.security) << provider.id;
    }
  }
  for (auto const& network : networks()) EXPECT_EQ(network.seen.size(), 7U) << network.id;
}
}  // namespace
}  // namespace pb::advisor
