// reply_test.cpp: replies on the wire.                              Spec: RFC 5321 §4.2, RFC 2034.
#include "smtp/reply.hpp"

#include <gtest/gtest.h>

#include "base/utf8.hpp"

namespace pb::smtp {
namespace {
TEST(Reply, carries_its_status_on_every_line) {
  EXPECT_EQ((Reply{250, {2, 1, 0}, "one\ntwo"}.wire()), "250-2.1.0 one\r\n250 2.1.0 two\r\n");
}

TEST(Reply, without_a_status_is_code_and_text) {
  EXPECT_EQ((Reply{220, {}, "mx.example ESMTP"}.wire()), "220 mx.example ESMTP\r\n");
}

TEST(Reply, never_lets_text_end_a_line_early) {
  EXPECT_EQ((Reply{550, {5, 1, 1}, "a\rb\tc"}.wire()), "550 5.1.1 a?b?c\r\n");
}

TEST(Reply, cuts_lines_at_512_octets_and_at_a_character) {
  std::string text(499, 'x');
  text += "\xC3\xA9\xC3\xA9";
  std::string const wire = Reply{550, {5, 1, 1}, text}.wire();
  EXPECT_LE(wire.size(), 512U);
  EXPECT_TRUE(utf8::valid(wire));
}

TEST(Reply, table_rows_are_of_the_class_that_their_status_says) {
  for (NamedReply const& row : {reply::need_mail, reply::accepted, reply::no_space,
                                reply::auth_unavailable, reply::too_many_errors}) {
    EXPECT_EQ(row.code / 100, row.status.klass);
  }
}
}  // namespace
}  // namespace pb::smtp
