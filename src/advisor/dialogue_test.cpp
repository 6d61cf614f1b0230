// dialogue_test.cpp: the guide says what replies mean and suggests the next command.
// Spec: dialogue.hpp; docs/terms.md.
#include "advisor/dialogue.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "advisor/dialogue_words.hpp"
#include "text/terms.hpp"

namespace pb::advisor {
namespace {
using text::Language;

struct Talking {
  Guide guide{Language::en, "me.example", false};
  ReplyLine say(std::string_view command, std::vector<std::string_view> const& reply) {
    if (!command.empty()) guide.on_command(command);
    ReplyLine last;
    for (auto line : reply) last = guide.on_reply(line);
    return last;
  }
};

TEST(Guide, leads_from_greeting_through_tls_and_login_to_a_sent_message) {
  Talking t;
  EXPECT_EQ(t.say("", {"220 mx ESMTP"}).meaning, "the server is ready");
  EXPECT_EQ(t.guide.suggestion(), "EHLO me.example");
  t.say("EHLO me.example", {"250-mx", "250-SIZE 1000", "250 STARTTLS"});
  EXPECT_EQ(t.guide.suggestion(), "STARTTLS");
  t.say("STARTTLS", {"220 go"});
  EXPECT_TRUE(t.guide.wants_tls());
  t.guide.on_tls(true);
  EXPECT_EQ(t.guide.suggestion(), "EHLO me.example");
  t.say("EHLO me.example", {"250-mx", "250 AUTH PLAIN LOGIN"});
  EXPECT_TRUE(t.guide.offers("PLAIN"));
  EXPECT_EQ(t.guide.suggestion(), "login USER");
  t.say("AUTH PLAIN x", {"235 2.7.0 ok"});
  EXPECT_TRUE(t.guide.suggestion().starts_with("MAIL FROM:"));
  t.say("MAIL FROM:<a@b.example>", {"250 ok"});
  t.say("RCPT TO:<c@d.example>", {"250 ok"});
  EXPECT_EQ(t.guide.suggestion(), "DATA");
  EXPECT_EQ(t.say("DATA", {"354 go"}).meaning, "type the message; a dot alone ends it");
  EXPECT_TRUE(t.guide.in_body());
  EXPECT_EQ(t.guide.suggestion(), "");
  EXPECT_FALSE(t.guide.on_body_line("Subject: x"));
  EXPECT_TRUE(t.guide.on_body_line("."));
  EXPECT_EQ(t.say("", {"250 queued"}).meaning, "it has the message now: its own duty");
  EXPECT_EQ(t.guide.suggestion(), "QUIT");
  EXPECT_FALSE(t.guide.refused());
}

TEST(Guide, never_suggests_a_login_in_the_clear_or_on_a_certificate_that_is_wrong) {
  Talking t;
  t.say("", {"220 mx"});
  t.say("EHLO a", {"250-mx", "250 AUTH PLAIN"});
  EXPECT_TRUE(t.guide.suggestion().starts_with("MAIL FROM"));
  t.guide.on_tls(false);
  t.say("EHLO a", {"250-mx", "250 AUTH PLAIN"});
  EXPECT_TRUE(t.guide.suggestion().starts_with("MAIL FROM"));
}

TEST(Guide, says_what_keywords_promise_and_which_are_masked) {
  EXPECT_EQ(keyword_meaning(Language::en, "SIZE 1000"), "largest message, in octets");
  EXPECT_TRUE(keyword_meaning(Language::en, "XXXXXXXA").contains("hides STARTTLS"));
  EXPECT_EQ(keyword_meaning(Language::en, "X-UNHEARD-OF"), "");
}

TEST(Guide, a_refusal_is_told_by_command_then_by_code_then_by_its_first_digit) {
  Talking t;
  t.say("", {"220 mx"});
  EXPECT_TRUE(t.say("RCPT TO:<x@y.example>", {"550 5.1.1 no"}).meaning.contains("mailbox"));
  EXPECT_EQ(t.say("NOOP", {"503 no"}).meaning, "not in this order");
  EXPECT_EQ(t.say("NOOP", {"599 no"}).meaning, "no: asking again will not help");
  EXPECT_TRUE(t.guide.refused());
  EXPECT_FALSE(t.guide.over());
  t.say("NOOP", {"421 bye"});
  EXPECT_TRUE(t.guide.over());
}

TEST(Guide, a_web_server_is_no_smtp_server) {
  Talking t;
  auto const line = t.say("", {"HTTP/1.1 400 Bad Request"});
  EXPECT_EQ(line.meaning, "this is no SMTP server");
  EXPECT_TRUE(t.guide.over());
}

TEST(Guide, words_keep_to_the_terms) {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::stringstream all;
  all << file.rdbuf();
  auto const terms = text::parse_terms(all.str());
  auto const hold = [&](text::Text const& text) {
    for (auto const& complaint : text::complaints(text, terms)) ADD_FAILURE() << complaint;
  };
  for (auto const& row : meanings) hold(row.text);
  for (auto const& row : keywords) hold(row.text);
  for (auto const& row : dialogue_catalogue) hold(row.text);
}
}  // namespace
}  // namespace pb::advisor
