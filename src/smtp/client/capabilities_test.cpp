// capabilities_test.cpp: EHLO replies as they come, the odd ones too.
// Spec: RFC 5321 §4.1.1.1; RFC 1870 §4; RFC 9422 §4.
#include "smtp/client/capabilities.hpp"

#include <gtest/gtest.h>

namespace pb::smtp::client {
namespace {
TEST(Capabilities, are_read_without_regard_to_case) {
  Capabilities const found =
      parse_ehlo("mx.two.example greets you\npipelining\nSize 1000\nchunKING");
  EXPECT_EQ(found.server_name, "mx.two.example");
  EXPECT_TRUE(found.pipelining && found.chunking && found.size);
  EXPECT_EQ(found.message_octets_max, 1000);
  EXPECT_FALSE(found.starttls);
}

TEST(Capabilities, size_zero_or_without_a_number_is_no_limit) {
  EXPECT_FALSE(parse_ehlo("mx\nSIZE 0").message_octets_max);
  EXPECT_FALSE(parse_ehlo("mx\nSIZE").message_octets_max);
  EXPECT_FALSE(parse_ehlo("mx\nSIZE 99999999999999999999999").message_octets_max);
  EXPECT_FALSE(parse_ehlo("mx\nSIZE 12x").message_octets_max);
}

TEST(Capabilities, auth_is_read_in_its_old_form_too) {
  auto const found = parse_ehlo("mx\nAUTH PLAIN login\nAUTH=NTLM CRAM-MD5");
  EXPECT_EQ(found.auth_mechanisms,
            (std::vector<std::string>{"PLAIN", "LOGIN", "NTLM", "CRAM-MD5"}));
}

TEST(Capabilities, limits_are_obeyed_where_they_are_numbers) {
  auto const found = parse_ehlo("mx\nLIMITS RCPTMAX=20 MAILMAX=0 RCPTDOMAINMAX=1 X=Y Z");
  EXPECT_EQ(found.rcpt_max, 20);
  EXPECT_FALSE(found.mail_max);
  EXPECT_EQ(found.rcpt_domain_max, 1);
}

TEST(Capabilities, a_masked_keyword_is_not_the_keyword) {
  auto const found = parse_ehlo("mx\nXXXXXXXA\n-STARTTLS\nSTARTTLSX");
  EXPECT_FALSE(found.starttls);
  EXPECT_EQ(found.keywords.size(), 3);
}
}  // namespace
}  // namespace pb::smtp::client
