// reply_parser_test.cpp: replies of every shape, whole and in pieces, and what is no reply.
// Spec: RFC 5321 §4.2.
#include "smtp/client/reply_parser.hpp"

#include <gtest/gtest.h>

namespace pb::smtp::client {
namespace {
std::expected<std::optional<RemoteReply>, ReplyError> parse(std::string_view bytes) {
  ReplyParser parser;
  return parser.take(bytes);
}

RemoteReply parsed(std::string_view bytes) {
  auto const reply = parse(bytes);
  EXPECT_TRUE(reply && *reply) << bytes;
  return reply && *reply ? **reply : RemoteReply{};
}

TEST(ReplyParser, reads_a_single_line) {
  RemoteReply const reply = parsed("550 5.1.1 no such user\r\n");
  EXPECT_EQ(reply.code, 550);
  EXPECT_EQ(reply.status, (EnhancedStatus{5, 1, 1}));
  EXPECT_EQ(reply.text, "no such user");
  EXPECT_TRUE(reply.is_permanent());
}

TEST(ReplyParser, reads_many_lines_and_keeps_the_last_status) {
  RemoteReply const reply = parsed("450-4.2.0 one\r\n450-\r\n450 4.2.1 two\r\n");
  EXPECT_EQ(reply.text, "one\n\ntwo");
  EXPECT_EQ(reply.status, (EnhancedStatus{4, 2, 1}));
}

TEST(ReplyParser, takes_a_code_without_text) {
  EXPECT_EQ(parsed("250\r\n").code, 250);
  EXPECT_EQ(parsed("250 \r\n").text, "");
}

TEST(ReplyParser, takes_no_status_of_another_class) {
  EXPECT_EQ(parsed("250 5.1.1 odd\r\n").status, EnhancedStatus{});
  EXPECT_EQ(parsed("250 5.1.1 odd\r\n").text, "5.1.1 odd");
  EXPECT_EQ(parsed("550 5.1.1.2 x\r\n").status, EnhancedStatus{});
  EXPECT_EQ(parsed("550 5.999.1 x\r\n").status, EnhancedStatus{});
}

TEST(ReplyParser, leaves_what_follows_a_reply) {
  std::string_view input = "250 a\r\n354 b\r\n";
  ReplyParser parser;
  EXPECT_EQ((*parser.take(input))->text, "a");
  EXPECT_EQ(input, "354 b\r\n");
}

TEST(ReplyParser, waits_for_the_rest) {
  std::string const whole = "250-a\r\n250 b\r\n";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    ReplyParser parser;
    std::string_view first = std::string_view{whole}.substr(0, cut);
    std::string_view second = std::string_view{whole}.substr(cut);
    auto const early = parser.take(first);
    ASSERT_TRUE(early);
    EXPECT_FALSE(*early);
    EXPECT_EQ(parser.in_reply(), cut != 0);
    auto const reply = parser.take(second);
    ASSERT_TRUE(reply && *reply) << cut;
    EXPECT_EQ((*reply)->text, "a\nb");
  }
}

TEST(ReplyParser, refuses_what_is_no_reply) {
  for (std::string_view const bytes : {"HTTP/1.1 400 Bad\r\n", "150 x\r\n", "650 x\r\n", "25\r\n",
                                       "250_x\r\n", "\r\n", "2500 x\r\n"}) {
    auto const reply = parse(bytes);
    ASSERT_FALSE(reply) << bytes;
    EXPECT_EQ(reply.error(), ReplyError::not_a_reply);
  }
  EXPECT_EQ(parse("250-a\r\n550 b\r\n").error(), ReplyError::code_changed);
}

TEST(ReplyParser, has_an_end_to_its_patience) {
  EXPECT_EQ(parse("250 " + std::string(5000, 'x')).error(), ReplyError::line_too_long);
  std::string endless;
  for (int i = 0; i < 600; ++i) endless += "250-x\r\n";
  EXPECT_EQ(parse(endless).error(), ReplyError::too_many_lines);
  std::string wide;
  for (int i = 0; i < 500; ++i) wide += "250-" + std::string(1000, 'x') + "\r\n";
  EXPECT_LE(parsed(wide + "250 end\r\n").text.size(), reply_text_octets_max);
}

TEST(ReplyParser, shows_hostile_text_escaped_and_on_one_line) {
  EXPECT_EQ(parsed("550-a\x1b[31m\r\n550 b\r\n").display(), "550 a\\x1b[31m b");
}
}  // namespace
}  // namespace pb::smtp::client
