// command_test.cpp: command lines and parameters as values.   Spec: RFC 5321 §4.1; see command.hpp.
#include "smtp/command.hpp"

#include <gtest/gtest.h>

namespace pb::smtp {
namespace {
TEST(Command, verb_and_arguments_are_parted_by_blanks) {
  auto const parts = split_command("MAIL  FROM:<a@b.example>  ");
  EXPECT_EQ(parts.verb, "MAIL");
  EXPECT_EQ(parts.arguments, "FROM:<a@b.example>");
  EXPECT_EQ(split_command("").verb, "");
}

TEST(Mail, auth_is_decoded_before_it_is_judged) {
  auto const mail = parse_mail("FROM:<a@b.example> AUTH=e+3Dmc2@example.com");
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->auth, "e=mc2@example.com");
}

TEST(Mail, keeps_each_value) {
  auto const mail = parse_mail(
      "FROM:<> SIZE=99999999999999999999 RET=FULL ENVID=QQ HOLDUNTIL=2026-01-02T03:04:05Z "
      "BY=-5;N MT-PRIORITY=9");
  ASSERT_TRUE(mail);
  EXPECT_TRUE(mail->path.is_null());
  EXPECT_EQ(mail->size, UINT64_MAX);
  EXPECT_EQ(mail->dsn_return, mail::DsnReturn::full);
  EXPECT_EQ(mail->envelope_id, "QQ");
  EXPECT_EQ(mail->hold_until->time_since_epoch().count(), 1767323045000);
  EXPECT_EQ(mail->deliver_by->seconds, -5);
  EXPECT_EQ(mail->priority, 9);
}

TEST(Rcpt, keeps_notify_and_orcpt) {
  auto const rcpt = parse_rcpt("TO:<a@b.example> notify=success,DELAY ORCPT=rfc822;a+2Bb@c.example",
                               mail::Utf8::refuse);
  ASSERT_TRUE(rcpt);
  EXPECT_TRUE(rcpt->path.notify.success && rcpt->path.notify.delay && !rcpt->path.notify.failure);
  EXPECT_EQ(rcpt->path.original_recipient, "rfc822;a+2Bb@c.example");
}

TEST(Bdat, is_a_size_and_maybe_last) {
  EXPECT_EQ(parse_bdat("86")->octets, 86U);
  EXPECT_FALSE(parse_bdat("86")->last);
  EXPECT_TRUE(parse_bdat("0 last")->last);
  for (auto const bad : {"", "x", "-1", "1 FIRST", "1 LAST more", "99999999999999999999"}) {
    EXPECT_FALSE(parse_bdat(bad)) << bad;
  }
}

TEST(Xtext, goes_both_ways) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(decode_xtext(encode_xtext(all)), all);
  EXPECT_EQ(encode_xtext("a+b=c d"), "a+2Bb+3Dc+20d");
  for (auto const bad : {"+", "+2", "+2b", "+GG", "a=b", "a b"}) {
    EXPECT_FALSE(decode_xtext(bad)) << bad;
  }
}

TEST(InternetTime, is_read_with_zone_and_fraction) {
  auto const zulu = parse_internet_time("2026-11-21T12:00:00Z");
  ASSERT_TRUE(zulu);
  EXPECT_EQ(parse_internet_time("2026-11-21t13:00:00.25+01:00"), zulu);
  for (auto const bad :
       {"", "2026-11-21", "2026-11-21T12:00:00", "2026-02-30T12:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T12:00:00+1:00", "2026-11-21T12:00:00.Z", "2026/11/21T12:00:00Z"}) {
    EXPECT_FALSE(parse_internet_time(bad)) << bad;
  }
}
}  // namespace
}  // namespace pb::smtp
