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

TEST(Probe, is_a_host_and_a_port) {
  auto const name = parse_probe("SMTP.Example.COM:587");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->host, "smtp.example.com");
  EXPECT_EQ(name->port, 587);
  EXPECT_FALSE(name->address);
  auto const v4 = parse_probe("[192.0.2.1]:25");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->address, IpAddress::parse("192.0.2.1"));
  auto const v6 = parse_probe("[IPv6:2001:db8::1]:465");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "2001:db8::1");
  EXPECT_EQ(v6->address, IpAddress::parse("2001:db8::1"));
}

TEST(Probe, takes_nothing_that_could_mean_another_address) {
  for (auto const bad : {"",
                         "a.example",
                         "a.example:",
                         ":587",
                         "a.example:0",
                         "a.example:65536",
                         "a.example:+5",
                         "a.example:00587",
                         "a.example: 587",
                         "a.example:587 x",
                         "localhost:25",
                         "127.0.0.1:25",
                         "0177.0.0.1:25",
                         "0x7f.1:25",
                         "1.2.3.4.5:25",
                         "2130706433:25",
                         "a.example.:25",
                         "a..example:25",
                         "-a.example:25",
                         "a_b.example:25",
                         "user@a.example:25",
                         "::1:25",
                         "[::1]:25",
                         "[127.1]:25",
                         "[IPv6:::1%lo]:25",
                         "[]:25",
                         "[IPv6:]:25",
                         "a.ex\xC3\xA4:25"}) {
    EXPECT_FALSE(parse_probe(bad)) << bad;
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
