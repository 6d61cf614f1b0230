// record_test.cpp: signatures and key records that are malformed say how.
// Spec: RFC 6376 §3.2, §3.5, §3.6.1.
#include "dkim/record.hpp"

#include <gtest/gtest.h>

#include "dkim/tag_list.hpp"

namespace pb::dkim {
namespace {
constexpr char const* good =
    " v=1; a=rsa-sha256; d=Example.com; s=sel; c=relaxed;\r\n\th=from : to; bh=YWJj; b=YW\r\n Jj; "
    "i=a@sub.example.com; l=10; t=1; x=2; q=dns/txt";

Problem problem_of(std::string const& value) {
  auto const parsed = parse_signature(value);
  return parsed ? Problem::none : parsed.error().problem;
}
std::string with(std::string const& from, std::string const& to) {
  std::string text = good;
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(Signature, is_read_in_full) {
  auto const signature = parse_signature(good);
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->domain, "example.com");
  EXPECT_EQ(signature->key_name(), "sel._domainkey.example.com");
  EXPECT_EQ(signature->header, Canonicalization::relaxed);
  EXPECT_EQ(signature->body, Canonicalization::simple);
  EXPECT_EQ(signature->fields, (std::vector<std::string>{"from", "to"}));
  EXPECT_EQ(signature->signature, "abc");
  EXPECT_EQ(signature->length, 10U);
}

TEST(Signature, each_flaw_has_its_name) {
  EXPECT_EQ(problem_of(with("v=1", "v=2")), Problem::version);
  EXPECT_EQ(problem_of(with("bh=YWJj;", "")), Problem::tag_missing);
  EXPECT_EQ(problem_of(with("rsa-sha256", "rsa-md5")), Problem::algorithm);
  EXPECT_EQ(problem_of(with("c=relaxed", "c=relaxed/none")), Problem::canonicalization);
  EXPECT_EQ(problem_of(with("d=Example.com", "d=a..b")), Problem::domain);
  EXPECT_EQ(problem_of(with("s=sel", "s=")), Problem::selector);
  EXPECT_EQ(problem_of(with("a@sub.example.com", "a@badexample.com")), Problem::identity);
  EXPECT_EQ(problem_of(with("from : to", "subject")), Problem::from_unsigned);
  EXPECT_EQ(problem_of(with("h=from : to", "h= ")), Problem::fields_empty);
  EXPECT_EQ(problem_of(with("l=10", "l=-1")), Problem::length);
  EXPECT_EQ(problem_of(with("t=1;", "t=x;")), Problem::timestamp);
  EXPECT_EQ(problem_of(with("x=2", "x=1")), Problem::expiration);
  EXPECT_EQ(problem_of(with("dns/txt", "http")), Problem::query_method);
  EXPECT_EQ(problem_of(with("v=1", "v=1; v=1")), Problem::syntax);
  EXPECT_EQ(problem_of(with("YWJj", "!")), Problem::syntax);
  EXPECT_EQ(problem_of(""), Problem::syntax);
}

TEST(KeyRecord, is_read_with_its_conditions) {
  auto const record = parse_key_record("v=DKIM1; h=sha256; s=email; t=y:s; p=YWJj;");
  ASSERT_TRUE(record);
  EXPECT_FALSE(record->accepts_sha1);
  EXPECT_TRUE(record->testing && record->exact_identity && record->for_email);
  EXPECT_EQ(record->key, "abc");
  EXPECT_FALSE(parse_key_record("v=DKIM1; s=tlsrpt; p=YWJj")->for_email);
  EXPECT_EQ(parse_key_record("v=DKIM1; p=").error(), Problem::key_revoked);
  EXPECT_EQ(parse_key_record("k=rsa; v=DKIM1; p=YWJj").error(), Problem::key_syntax);
  EXPECT_EQ(parse_key_record("v=DKIM2; p=YWJj").error(), Problem::key_syntax);
  EXPECT_EQ(parse_key_record("k=dsa; p=YWJj").error(), Problem::key_type);
  EXPECT_EQ(parse_key_record("v=DKIM1").error(), Problem::key_syntax);
}

TEST(TagList, knows_its_limits) {
  EXPECT_FALSE(TagList::parse("a=1;;b=2"));
  EXPECT_FALSE(TagList::parse("a"));
  EXPECT_FALSE(TagList::parse("1a=x"));
  EXPECT_TRUE(TagList::parse("a=; b = x y ;"));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "t" + std::to_string(i) + "=1;";
  EXPECT_FALSE(TagList::parse(many));
}
}  // namespace
}  // namespace pb::dkim
