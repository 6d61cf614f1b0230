// results_test.cpp: what we write reads back, and what strangers forge is recognised.
// Spec: RFC 8601 §2.2, §5, Appendix B.
#include "authres/results.hpp"

#include <gtest/gtest.h>

namespace pb::authres {
namespace {
TEST(AuthenticationResults, are_read_with_comments_and_folds) {
  auto const read = parse(
      " foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for "
      "it) "
      "fail\r\n   policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I "
      "wasn't expecting it) 1362471462");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->authserv_id, "foo.example.net");
  ASSERT_EQ(read->methods.size(), 1U);
  EXPECT_EQ(read->methods[0].method, "dkim");
  EXPECT_EQ(read->methods[0].result, "fail");
  EXPECT_EQ(read->methods[0].properties[0], (Property{"policy", "expired", "1362471462"}));
}

TEST(AuthenticationResults, none_is_an_empty_list) {
  auto const read = parse("example.org 1; none");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->methods.empty());
  EXPECT_EQ(write(*read), "example.org;\r\n\tnone");
}

TEST(AuthenticationResults, what_we_write_reads_back) {
  Results results{"mx.example", {}};
  results.methods.push_back(
      {"spf", "pass", "", {{"smtp", "mailfrom", "a@b.example"}, {"smtp", "helo", "x y"}}, ""});
  results.methods.push_back({"dkim",
                             "fail",
                             "the body was changed after signing",
                             {{"header", "d", "b.example"}, {"header", "b", "ab/c+d=="}},
                             ""});
  results.methods.push_back({"iprev", "pass", "", {{"policy", "iprev", "2001:db8::1"}}, ""});
  auto const read = parse(write(results));
  ASSERT_TRUE(read) << write(results);
  EXPECT_EQ(*read, results);
}

TEST(AuthenticationResults, peers_cannot_inject_lines_or_results) {
  Results results{"mx.example", {}};
  results.methods.push_back({"spf",
                             "fail",
                             "a\"b)\r\nX: y",
                             {{"smtp", "helo", "x;\r\n dkim=pass (\" y"}},
                             "c) dmarc=pass ("});
  std::string const text = write(results);
  auto const read = parse(text);
  ASSERT_TRUE(read) << text;
  ASSERT_EQ(read->methods.size(), 1U);
  EXPECT_FALSE(text.contains("\r\nX:"));
}

TEST(AuthenticationResults, claims_of_our_name_are_seen_however_they_are_written) {
  EXPECT_TRUE(claims(" MX.example; spf=pass", "mx.example"));
  EXPECT_TRUE(claims("(hi) \"mx.example\" 1; dkim=", "mx.example"));
  EXPECT_TRUE(claims("mx.example", "mx.example"));
  EXPECT_FALSE(claims("mx.example.org; spf=pass", "mx.example"));
  EXPECT_FALSE(claims("other; x=mx.example", "mx.example"));
}

TEST(AuthenticationResults, malformed_ones_are_refused) {
  for (char const* text :
       {"", ";", "a; spf", "a; spf=", "a; =pass", "a; spf=pass smtp.x", "a; spf=pass (",
        "a; spf=pass smtp.x=\"y", "a b; spf=pass", "((((((((((((((((((x"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
}

TEST(AuthenticationResults, raw_parts_keep_their_comments) {
  EXPECT_EQ(raw_methods("a; spf=pass (x; y) smtp.helo=\"b;c\";\r\n dkim=none;"),
            (std::vector<std::string>{"spf=pass (x; y) smtp.helo=\"b;c\"", "dkim=none"}));
}
TEST(AuthenticationResults, control_characters_are_no_value) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(parse("mx.example; dkim=fail header.d=\0\0"sv));
  EXPECT_FALSE(parse("mx.example; dkim=fail header.d=\"\x01\t\""));
  auto const read = parse("mx.example; dkim=fail header.d=\"a\x01\tb\"");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->methods.at(0).properties.at(0).value, "ab");
  EXPECT_TRUE(parse(write(*read)));
}
}  // namespace
}  // namespace pb::authres
