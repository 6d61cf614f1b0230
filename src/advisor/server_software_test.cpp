// server_software_test.cpp: programs told by their words.
// Spec: server_software.hpp.                 Third-party examples: tests/suites/software_suite.cpp
#include "advisor/server_software.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pb::advisor {
namespace {
TEST(ServerSoftware, is_told_by_a_greeting_with_and_without_its_code) {
  EXPECT_EQ(server_software("220 mx.example.com ESMTP Postfix (Debian/GNU)").product, "Postfix");
  EXPECT_EQ(server_software("mx.example.com ESMTP Exim 4.96").product, "exim");
  EXPECT_EQ(server_software("220 ****************************").vendor, "Cisco");
}

TEST(ServerSoftware, is_told_by_other_replies) {
  EXPECT_EQ(server_software("250 <a@example.com> is syntactically correct").product, "exim");
}

TEST(ServerSoftware, is_not_told_by_a_greeting_that_names_none) {
  for (auto const* text : {"220 mx.example.com ESMTP", "ESMTP ready", "mx SMTP service ready"}) {
    EXPECT_TRUE(server_software(text).product.empty()) << text;
    EXPECT_TRUE(is_unnamed_greeting(text)) << text;
  }
  EXPECT_FALSE(is_unnamed_greeting("mx.example.com ESMTP Postfix"));
  EXPECT_FALSE(is_unnamed_greeting("+OK ready"));
  EXPECT_FALSE(is_unnamed_greeting(std::string(100000, ' ')));
}
}  // namespace
}  // namespace pb::advisor
