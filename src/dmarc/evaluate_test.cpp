// evaluate_test.cpp: walks, alignment, policies; the author domain of strange From fields.
// Spec: RFC 9989 §4.10, §5.3.
#include "dmarc/evaluate.hpp"

#include <gtest/gtest.h>

#include "dmarc/author.hpp"
#include "dns/world.hpp"
#include "dns/world_yaml.hpp"

namespace pb::dmarc {
namespace {
dns::World example_world() {
  return *dns::world_from_yaml(R"(
_dmarc.example.com:
  - TXT: "v=DMARC1; p=reject; sp=quarantine; np=none; rua=mailto:r@example.com"
_dmarc.strict.example:
  - TXT: "v=DMARC1; p=quarantine; adkim=s; aspf=s; t=y"
_dmarc.down.example:
  - TIMEOUT
a.example.com:
  - A: 192.0.2.1
)");
}

Result evaluated(std::string author, std::vector<SignedBy> dkim, std::vector<std::string> spf) {
  dns::World const world = example_world();
  dns::Facts facts;
  Input const input{std::move(author), std::move(dkim), std::move(spf)};
  auto outcome =
      dns::replay(world, facts, [&](dns::Facts const& known) { return evaluate(input, known); });
  EXPECT_LE(facts.size(), 20U);
  return std::get<Result>(std::move(outcome));
}

TEST(Dmarc, subdomains_take_sp_and_those_that_do_not_exist_np) {
  EXPECT_EQ(evaluated("example.com", {}, {}).policy, Policy::reject);
  EXPECT_EQ(evaluated("a.example.com", {}, {}).policy, Policy::quarantine);
  Result const missing = evaluated("b.example.com", {}, {});
  EXPECT_TRUE(missing.nonexistent);
  EXPECT_EQ(missing.policy, Policy::none);
}

TEST(Dmarc, relaxed_alignment_is_by_organization) {
  EXPECT_EQ(evaluated("a.example.com", {{"B.example.com.", 0}}, {}).word, Word::pass);
  EXPECT_EQ(evaluated("a.example.com", {}, {"bounce.example.com"}).word, Word::pass);
  EXPECT_EQ(evaluated("a.example.com", {{"com", 0}}, {"badexample.com"}).word, Word::fail);
}

TEST(Dmarc, strict_alignment_and_test_mode) {
  EXPECT_EQ(evaluated("strict.example", {{"strict.example", 0}}, {}).word, Word::pass);
  Result const result =
      evaluated("strict.example", {{"a.strict.example", 7}}, {"a.strict.example"});
  EXPECT_EQ(result.word, Word::fail);
  EXPECT_EQ(result.published, Policy::quarantine);
  EXPECT_EQ(result.policy, Policy::none);
  EXPECT_EQ(result.dkim.unsigned_octets, 7U);
}

TEST(Dmarc, errors_have_their_words) {
  EXPECT_EQ(evaluated("down.example", {}, {}).word, Word::temperror);
  EXPECT_EQ(evaluated("", {}, {}).word, Word::permerror);
  EXPECT_EQ(evaluated("a..b", {}, {}).word, Word::permerror);
  EXPECT_EQ(evaluated("none.example", {}, {}).word, Word::none);
}

TEST(Dmarc, a_walk_asks_at_most_eight_names) {
  EXPECT_EQ(walk_names("a.b.c.d.e.f.g.h.i.example.com").size(), 8U);
  EXPECT_EQ(walk_names("a.b.c.d.e.f.example.com").size(), 8U);
  EXPECT_EQ(walk_names("example.com"), (std::vector<std::string>{"example.com", "com"}));
}

TEST(DmarcRecord, ignores_what_is_malformed_and_says_so) {
  auto const record = parse_record("v=DMARC1; p=reject; nonsense; adkim=x; p=none; pct=50; zz=1");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->policy, Policy::reject);
  EXPECT_EQ(record->remarks.size(), 5U);
  EXPECT_EQ(parse_record("v=DMARC1; p=wrong").error(), RecordError::no_policy);
  EXPECT_EQ(parse_record("v=DMARC1; p=wrong; rua=mailto:a@b.example")->policy, Policy::none);
  EXPECT_EQ(parse_record("v=spf1 -all").error(), RecordError::no_version);
}

TEST(AuthorDomain, is_found_in_strange_from_fields) {
  EXPECT_EQ(only_domain(" Alice <alice@Example.COM>"), "example.com");
  EXPECT_EQ(only_domain("\"a@evil.example, b\" (c@d.example) <x@example.com>"), "example.com");
  EXPECT_EQ(only_domain("x@example.com, Y <y@EXAMPLE.com>"), "example.com");
  EXPECT_EQ(only_domain("Group: a@example.com, b@example.com;"), "example.com");
  EXPECT_EQ(only_domain("\"q\\\"@x\"@example.com"), "example.com");
  EXPECT_EQ(only_domain("a@b.example, c@d.example"), "");
  EXPECT_EQ(only_domain("<a@b.example> <c@d.example>"), "");
  EXPECT_EQ(only_domain("nobody"), "");
  EXPECT_EQ(only_domain(""), "");
  EXPECT_EQ(only_domain("\"unclosed <a@b.example>"), "");
}

TEST(AuthorDomain, needs_exactly_one_field) {
  auto const domain = [](char const* header) {
    return author_domain(*mail::HeaderSection::parse(header));
  };
  EXPECT_EQ(domain("From: a@b.example\r\n"), "b.example");
  EXPECT_EQ(domain("From: a@b.example\r\nfrom: a@b.example\r\n"), "");
  EXPECT_EQ(domain("To: a@b.example\r\n"), "");
}
}  // namespace
}  // namespace pb::dmarc
