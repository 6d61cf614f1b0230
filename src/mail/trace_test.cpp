// trace_test.cpp: the Received field and new Message-IDs. Spec: RFC 5321 §4.4, RFC 3848, RFC 6531.
#include "mail/trace.hpp"

#include <gtest/gtest.h>

#include "mail/message_id.hpp"
#include "mail/tokens.hpp"

namespace pb::mail {
namespace {
ReceivedFacts facts() {
  ReceivedFacts out;
  out.helo = "client.example";
  out.address = IpAddress::parse("192.0.2.1").value();
  out.by = "mx.example";
  out.esmtp = true;
  out.at = Instant{std::chrono::seconds{1795262400}};
  return out;
}

TEST(Received, says_who_gave_it_how_and_when) {
  EXPECT_EQ(received_field(facts()),
            "Received: from client.example ([192.0.2.1])\r\n\tby mx.example with ESMTP;\r\n"
            "\tSat, 21 Nov 2026 12:00:00 +0000\r\n");
}

TEST(Received, names_the_transmission_type_by_what_was_there) {
  ReceivedFacts some = facts();
  EXPECT_EQ(transmission_type(some), "ESMTP");
  some.tls = some.authenticated = true;
  EXPECT_EQ(transmission_type(some), "ESMTPSA");
  some.smtputf8 = true;
  EXPECT_EQ(transmission_type(some), "UTF8SMTPSA");
  some.esmtp = false;
  EXPECT_EQ(transmission_type(some), "SMTP");
}

TEST(Received, lets_no_hostile_name_in) {
  ReceivedFacts some = facts();
  some.helo = "x) by evil.example (";
  some.tls = true;
  some.tls_version = "TLSv1.3)";
  some.tls_cipher = "a(b\r\nEvil: 1";
  std::string const field = received_field(some);
  EXPECT_TRUE(field.starts_with("Received: from [192.0.2.1] ([192.0.2.1])")) << field;
  EXPECT_NE(field.find("(TLSv1.3 abEvil: 1)"), std::string::npos) << field;
}

TEST(AuthservId, is_read_through_comments_and_quotes) {
  EXPECT_EQ(authserv_id(" MX.Example; none"), "mx.example");
  EXPECT_EQ(authserv_id("(a (nested) one)\r\n \"mx.example\" 1; none"), "mx.example");
  EXPECT_EQ(authserv_id("mx.example/1; none"), "mx.example");
  EXPECT_EQ(authserv_id("(open mx.example"), "");
  EXPECT_EQ(authserv_id(std::string(100, '(') + "mx.example"), "");
}

TEST(MessageId, is_new_each_time) {
  struct Counter final : Random {
    std::uint64_t next() override { return ++value; }
    std::uint64_t value = 0;
  } random;
  std::string const one = make_message_id(Instant{}, random, "mx.example");
  EXPECT_EQ(one, "<0.0000000000000001@mx.example>");
  EXPECT_NE(one, make_message_id(Instant{}, random, "mx.example"));
}
}  // namespace
}  // namespace pb::mail
