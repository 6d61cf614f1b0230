// record_test.cpp: what an SPF record says before anybody is asked.       Spec: RFC 7208 §4.6.1.
#include "spf/record.hpp"

#include <gtest/gtest.h>

#include "spf/macro.hpp"

namespace pb::spf {
namespace {
TEST(SpfRecord, counts_the_terms_that_ask_dns) {
  auto const record =
      parse_record("v=spf1 a mx/24 ip4:192.0.2.0/24 include:x.example -all exp=e.x");
  ASSERT_TRUE(record);
  EXPECT_EQ(terms_with_lookups(*record), 3U);
  EXPECT_EQ(record->directives.at(1).prefix4_bits, 24U);
  EXPECT_EQ(record->exp, "e.x");
}

TEST(SpfRecord, names_the_bad_term_and_why) {
  auto const error = parse_record("v=spf1 ip4:192.0.2.300 -all");
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().term, "ip4:192.0.2.300");
  EXPECT_STREQ(error.error().problem, "this is no IPv4 network");
  EXPECT_FALSE(parse_record("v=spf1 redirect=a.example redirect=b.example"));
  EXPECT_FALSE(parse_record("v=spf1 -all:x"));
  EXPECT_FALSE(parse_record("v=spf10"));
}

TEST(SpfRecord, reads_dual_prefixes_behind_a_domain_with_slashes) {
  auto const record = parse_record("v=spf1 a:foo/bar.example/24//64");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->directives[0].domain_spec, "foo/bar.example");
  EXPECT_EQ(record->directives[0].prefix4_bits, 24U);
  EXPECT_EQ(record->directives[0].prefix6_bits, 64U);
}

MacroValues example() {
  // RFC 7208 §7.4.
  return {"strong-bad",
          "email.example.com",
          "email.example.com",
          "",
          "",
          "",
          *IpAddress::parse("192.0.2.3"),
          {}};
}

TEST(SpfMacro, expands_the_examples_of_the_rfc) {
  auto const values = example();
  auto const say = [&](char const* text) {
    return expand(text, values, MacroUse::domain_spec).value_or("?");
  };
  EXPECT_EQ(say("%{s}"), "strong-bad@email.example.com");
  EXPECT_EQ(say("%{d4}"), "email.example.com");
  EXPECT_EQ(say("%{d2}"), "example.com");
  EXPECT_EQ(say("%{dr}"), "com.example.email");
  EXPECT_EQ(say("%{d2r}"), "example.email");
  EXPECT_EQ(say("%{l-}"), "strong.bad");
  EXPECT_EQ(say("%{lr-}"), "bad.strong");
  EXPECT_EQ(say("%{l1r-}"), "strong");
  EXPECT_EQ(say("%{ir}.%{v}._spf.%{d2}"), "3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(say("%{d0}"), "?");
  EXPECT_EQ(say("%{c}"), "?");
}

TEST(SpfMacro, too_long_names_lose_labels_on_the_left) {
  std::string const long_name = std::string(200, 'a') + "." + std::string(200, 'b') + ".example";
  EXPECT_EQ(fit_domain(long_name), std::string(200, 'b') + ".example");
  EXPECT_EQ(fit_domain(std::string(300, 'a')), "");
}
}  // namespace
}  // namespace pb::spf
