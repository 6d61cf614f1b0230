// server_reply_test.cpp: a refusal is found in what programs print, and said in words.
// Spec: server_reply.hpp.
#include "advisor/server_reply.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "text/language.hpp"

namespace pb::advisor {
namespace {
using smtp::EnhancedStatus;

void expect_reply(std::uint16_t code, EnhancedStatus status, std::string_view text) {
  auto const found = find_server_reply(text);
  ASSERT_TRUE(found.has_value()) << text;
  EXPECT_EQ(found->code, code) << text;
  EXPECT_EQ(found->status, status) << text;
}

TEST(ServerReply, is_found_as_servers_and_programs_print_it) {
  expect_reply(550, {5, 1, 1}, "550 5.1.1 <x@y.example>: Recipient address rejected: User unknown");
  expect_reply(550, {5, 1, 1},
               "550-5.1.1 The email account that you tried to reach does not exist.");
  expect_reply(452, {4, 2, 2}, "452 4.2.2 over quota");
  expect_reply(550, {}, "550 Requested action not taken: mailbox unavailable");
  expect_reply(
      550, {5, 7, 26},
      "host mx.example[192.0.2.1] said: 550-5.7.26 This mail is unauthenticated (in reply)");
  expect_reply(0, {5, 1, 1},
               "Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n");
  expect_reply(0, {4, 4, 1}, "relay=none, delay=30, dsn=4.4.1, status=deferred");
  expect_reply(554, {5, 7, 1}, "{'x@y.example': (554, b'no')} 554 5.7.1 no");
  expect_reply(550, {5, 4, 1}, "#550 5.4.1 Recipient address rejected: Access denied.");
}

TEST(ServerReply, other_numbers_are_none) {
  for (auto const* text :
       {"404 Not Found", "HTTP/1.1 550 5.1.1 x", "version 5.1.1", "10.5.1.1", "1550 5.1.1",
        "502 Bad Gateway", "503 Service Unavailable", "250 2.0.0 Ok", "5501 x", ""}) {
    EXPECT_FALSE(find_server_reply(text).has_value()) << text;
  }
}

TEST(ServerReply, texts_about_other_things_hold_none) {
  std::ifstream file{PB_SOURCE_DIR "/tests/vectors/explain_unknown.txt"};
  int texts = 0;
  for (std::string line; std::getline(file, line); ++texts) {
    EXPECT_FALSE(find_server_reply(line).has_value()) << line;
  }
  EXPECT_GE(texts, 20);
}

TEST(ServerReply, the_first_refusal_counts_and_its_line_is_told) {
  auto const found =
      find_server_reply("220 mx ESMTP\n250 2.1.0 Ok\n451 4.7.1 Greylisted\n550 5.1.1 no\n");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->line, 3U);
  EXPECT_TRUE(found->temporary());
  expect_reply(550, {5, 1, 1}, "GET / HTTP/1.1 550 5.0.0\nRCPT: 550 5.1.1 no such user");
}

TEST(ServerReply, says_what_it_means_in_three_languages) {
  ServerReply const reply{.code = 550, .status = {5, 1, 1}};
  EXPECT_EQ(server_reply_screen(text::Language::en, reply),
            "Taken as a mail server's answer: 550 5.1.1\n\n"
            "There is no such mailbox.\n\n"
            "  For good (5xx): the same message to the same address gets the same answer.\n"
            "  Look for a typing error in the address; old address books keep names that are\n"
            "  gone.\n");
  EXPECT_TRUE(server_reply_screen(text::Language::zh_hant, reply).contains("沒有這個信箱。"));
  EXPECT_TRUE(server_reply_screen(text::Language::zh_hans, reply).contains("没有这个邮箱。"));
}

TEST(ServerReply, a_status_that_no_row_names_is_still_answered) {
  std::string const screen = server_reply_screen(text::Language::en, {.code = 450, .status = {}});
  EXPECT_TRUE(screen.contains("gives no status"));
  EXPECT_TRUE(screen.contains("For now only"));
}

TEST(ServerReply, a_long_hostile_text_costs_little) {
  std::string text;
  while (text.size() < 1'000'000) text += "550-5.1.1.1 Status: dsn=9.9.9 #";
  std::ignore = find_server_reply(text);
}
}  // namespace
}  // namespace pb::advisor
