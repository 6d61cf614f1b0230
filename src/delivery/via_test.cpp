// via_test.cpp: what may be written as `via` and `deliver`, and what is refused with a reason.
// Spec: docs/reference (route.via, domain.deliver).
#include "delivery/via.hpp"

#include <gtest/gtest.h>

namespace pb::delivery {
namespace {
TEST(Via, reads_each_form_and_writes_it_again) {
  for (std::string_view const text :
       {"mx", "relay://10.0.0.5:25", "submission://smtp.example.net:587",
        "submissions://[2001:db8::1]:465", "submission://smtp.example.net:2525",
        "lmtp:unix:/run/dovecot/lmtp", "lmtp:127.0.0.1:24", "maildir:/var/mail/{domain}/{account}",
        "sandbox", "discard", "reject"}) {
    auto const via = parse_via(text);
    ASSERT_TRUE(via) << text;
    EXPECT_EQ(text_of(*via), text);
  }
}

TEST(Via, knows_the_ports_of_its_schemes) {
  EXPECT_EQ(text_of(*parse_via("relay://a.example")), "relay://a.example:25");
  EXPECT_EQ(text_of(*parse_via("submission://A.Example/")), "submission://a.example:587");
  EXPECT_EQ(text_of(*parse_via("submissions://[192.0.2.1]")), "submissions://192.0.2.1:465");
}

TEST(Via, refuses_with_a_reason) {
  EXPECT_EQ(parse_via("smtp://a.example").error(), ViaError::unknown);
  EXPECT_EQ(parse_via("MX").error(), ViaError::unknown);
  EXPECT_EQ(parse_via("relay://").error(), ViaError::no_host);
  EXPECT_EQ(parse_via("relay://:25").error(), ViaError::no_host);
  EXPECT_EQ(parse_via("relay://a.example:0").error(), ViaError::bad_port);
  EXPECT_EQ(parse_via("relay://a.example:70000").error(), ViaError::bad_port);
  EXPECT_EQ(parse_via("relay://2001:db8::1").error(), ViaError::bad_host);
  EXPECT_EQ(parse_via("relay://[a.example]").error(), ViaError::bad_host);
  EXPECT_EQ(parse_via("submission://me:pw@a.example").error(), ViaError::user_in_url);
  EXPECT_EQ(parse_via("submission://a.example/x").error(), ViaError::path_in_url);
  EXPECT_EQ(parse_via("maildir:mail").error(), ViaError::relative_path);
  EXPECT_EQ(parse_via("lmtp:unix:lmtp").error(), ViaError::relative_path);
}
}  // namespace
}  // namespace pb::delivery
