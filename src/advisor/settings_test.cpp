// settings_test.cpp: settings require encryption, keep checks on, quote what is filled in.
// Spec: settings.hpp.
#include "advisor/settings.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "advisor/settings_templates.hpp"
#include "base/ascii.hpp"
#include "text/terms.hpp"

namespace pb::advisor {
namespace {
using text::Language;

std::string write(std::string_view program, Security security, std::string user = "a@b.example") {
  auto const text =
      settings(*find_program(program),
               {.host = "smtp.example.com",
                .port = security == Security::starttls ? std::uint16_t{587} : std::uint16_t{465},
                .security = security,
                .user = std::move(user)},
               Language::en);
  return text.value_or("");
}

TEST(Settings, at_least_twenty_four_programs_and_ten_cards_are_written) {
  EXPECT_GE(writable_programs().size(), 30U);
  EXPECT_EQ(cards().size(), 10U);
}

TEST(Settings, every_template_names_host_and_port_and_no_mark_is_left) {
  for (auto const* program : writable_programs()) {
    for (auto security : {Security::starttls, Security::implicit_tls}) {
      auto const text = write(program->id, security);
      EXPECT_TRUE(text.contains("smtp.example.com")) << program->id;
      EXPECT_TRUE(text.contains(security == Security::starttls ? "587" : "465")) << program->id;
      for (auto mark : {"@HOST", "@PORT", "@USER", "@FROM", "@DOMAIN", "@INCOMING", "@UUID"}) {
        EXPECT_FALSE(text.contains(mark)) << program->id << mark;
      }
    }
  }
}

TEST(Settings, the_two_kinds_of_encryption_never_get_the_same_text) {
  for (auto const* program : writable_programs()) {
    EXPECT_NE(write(program->id, Security::starttls), write(program->id, Security::implicit_tls))
        << program->id;
  }
}

TEST(Settings, checks_stay_on) {
  for (auto const* program : writable_programs()) {
    for (auto security : {Security::starttls, Security::implicit_tls}) {
      auto const text = ascii::to_lower(write(program->id, security));
      for (auto bad : {"verify_peer=", "rejectunauthorized", "cert_none", "insecure",
                       "tls_certcheck off", "security_level = may", "verify_none"}) {
        EXPECT_FALSE(text.contains(bad)) << program->id << ' ' << bad;
      }
    }
  }
}

TEST(Settings, a_profile_for_apple_has_an_incoming_server_and_stays_the_same_account) {
  auto const profile = write("mobileconfig", Security::starttls, "you@b.example");
  EXPECT_TRUE(profile.contains("<string>imap.b.example</string>")) << profile;
  EXPECT_TRUE(profile.contains("PortNumber</key><integer>587</integer>"));
  EXPECT_FALSE(profile.contains("<key>OutgoingPassword</key>"));
  EXPECT_EQ(profile, write("mobileconfig", Security::starttls, "you@b.example"));
  EXPECT_NE(profile, write("mobileconfig", Security::starttls, "me@b.example"));
}

TEST(Settings, starttls_is_required_where_the_program_has_a_word_for_it) {
  EXPECT_TRUE(write("nodemailer", Security::starttls).contains("requireTLS: true"));
  EXPECT_TRUE(write("rails", Security::starttls).contains(":always"));
  EXPECT_TRUE(write("javamail", Security::starttls).contains("starttls.required"));
  EXPECT_TRUE(write("curl", Security::starttls).contains("--ssl-reqd"));
  EXPECT_TRUE(write("msmtp", Security::starttls).contains("tls_starttls on"));
  EXPECT_TRUE(write("msmtp", Security::implicit_tls).contains("tls_starttls off"));
}

TEST(Settings, a_hostile_user_name_cannot_leave_its_quotes) {
  EXPECT_TRUE(write("phpmailer", Security::starttls, "a'; system('x'); '@b.example")
                  .contains(R"('a\'; system(\'x\'); \'@b.example')"));
  EXPECT_TRUE(write("autodiscover", Security::starttls, "a<b>&@b.example")
                  .contains("a&lt;b&gt;&amp;@b.example"));
  EXPECT_TRUE(write("curl", Security::starttls, "a$(x)@b.example").contains("'a$(x)@b.example'"));
  EXPECT_EQ(write("python", Security::starttls, "a\nb@c.example"), "");
  EXPECT_EQ(write("msmtp", Security::starttls, "a b@c.example"), "");
}

TEST(Settings, a_host_with_other_characters_is_refused) {
  auto const bad = settings(*find_program("python"), {.host = "a b'", .user = {}}, Language::en);
  EXPECT_EQ(bad.error(), SettingsError::bad_host);
}

TEST(Settings, cards_keep_to_the_terms) {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::stringstream all;
  all << file.rdbuf();
  auto const terms = text::parse_terms(all.str());
  for (auto const& card : cards()) {
    for (auto const& complaint : text::complaints(card.usually_wrong, terms)) {
      ADD_FAILURE() << card.program << ": " << complaint;
    }
  }
}
}  // namespace
}  // namespace pb::advisor
