// date_test.cpp: dates of header fields.                            Spec: RFC 5322 §3.3, §4.3, A.5.
#include "mail/date.hpp"

#include <gtest/gtest.h>

namespace pb::mail {
namespace {
Instant at(long long seconds) { return Instant{std::chrono::seconds{seconds}}; }

TEST(Date, is_written_in_utc) {
  EXPECT_EQ(format_date(at(1795262400)), "Sat, 21 Nov 2026 12:00:00 +0000");
  EXPECT_EQ(format_date(at(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
}

TEST(Date, is_read_as_it_is_written) {
  for (long long const t : {0LL, 951782400LL, 1795262400LL, 4102444799LL}) {
    EXPECT_EQ(parse_date(format_date(at(t))), at(t));
  }
}

TEST(Date, reads_the_examples_and_the_obsolete_forms) {
  EXPECT_EQ(parse_date("Fri, 21 Nov 1997 09:55:06 -0600"), at(880127706));
  EXPECT_EQ(parse_date(" 21 Nov 97 09:55:06 CST"), at(880127706));
  EXPECT_EQ(parse_date("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600"), at(880127706));
  EXPECT_EQ(parse_date("Thu,\r\n\t13\r\n  Feb\r\n  1969\r\n 23:32\r\n -0330 (Newfoundland Time)"),
            at(-27723480));
  EXPECT_EQ(parse_date("1 Jan 101 00:00 Z"), parse_date("1 Jan 2001 00:00 GMT"));
}

TEST(Date, refuses_what_names_no_day) {
  for (auto const bad : {"", "Sat", "30 Feb 2026 00:00:00 +0000", "1 Jan 2026 24:00 +0000",
                         "1 Jan 2026 00:00", "1 Jan 2026 00:00 +00", "1 Jan 2026 00:00 J",
                         "1 Foo 2026 00:00 +0000", "1 Jan 2026 0:0 +0000", "(1 Jan 2026",
                         "1 Jan 99999 00:00 +0000", "1 Jan 2026 00:00 +0060"}) {
    EXPECT_FALSE(parse_date(bad)) << bad;
  }
}
}  // namespace
}  // namespace pb::mail
