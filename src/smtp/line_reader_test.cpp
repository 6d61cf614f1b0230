// line_reader_test.cpp: command lines: CRLF only, bounded, garbage told at its first octet.
// Spec: RFC 5321 §2.3.8, §4.5.3.1.4.
#include "smtp/line_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pb::smtp {
namespace {
LineKind kind_of(std::string_view text, std::size_t octets_max = 20,
                 LineRule rule = LineRule::strict) {
  std::string_view input = text;
  return read_line(input, octets_max, rule).kind;
}

TEST(LineReader, takes_one_line_and_leaves_the_rest) {
  std::string_view input = "NOOP\r\nQUIT\r\n";
  EXPECT_EQ(read_line(input, 512, LineRule::strict).text, "NOOP");
  EXPECT_EQ(input, "QUIT\r\n");
}

TEST(LineReader, waits_for_the_whole_line_end) {
  EXPECT_EQ(kind_of(""), LineKind::need_more);
  EXPECT_EQ(kind_of("NOOP"), LineKind::need_more);
  EXPECT_EQ(kind_of("NOOP\r"), LineKind::need_more);
}

TEST(LineReader, a_bare_cr_or_lf_is_no_line_end) {
  EXPECT_EQ(kind_of("NOOP\n"), LineKind::bare_line_end);
  EXPECT_EQ(kind_of("NOOP\rX"), LineKind::bare_line_end);
  EXPECT_EQ(kind_of("NOOP\r\r\n"), LineKind::bare_line_end);
  EXPECT_EQ(kind_of("NOOP\n", 20, LineRule::normalise), LineKind::line);
}

TEST(LineReader, counts_the_line_end) {
  EXPECT_EQ(kind_of("0123456789\r\n", 12), LineKind::line);
  EXPECT_EQ(kind_of("01234567890\r\n", 12), LineKind::too_long);
}

TEST(LineReader, the_first_wrong_octet_decides) {
  using namespace std::string_view_literals;
  EXPECT_EQ(kind_of("a\0\n"sv), LineKind::garbage);
  EXPECT_EQ(kind_of("a\n\0"sv), LineKind::bare_line_end);
  EXPECT_EQ(kind_of("\x16"), LineKind::garbage);
  EXPECT_EQ(kind_of("\x1B[A\r\n"), LineKind::line);
}

TEST(LineReader, skips_to_the_end_of_a_long_line) {
  std::string_view input = "xxx\nyy\rzz\r";
  EXPECT_FALSE(skip_line(input, LineRule::strict));
  EXPECT_EQ(input, "\r");
  input = "\r\nNOOP\r\n";
  EXPECT_TRUE(skip_line(input, LineRule::strict));
  EXPECT_EQ(input, "NOOP\r\n");
}
}  // namespace
}  // namespace pb::smtp
