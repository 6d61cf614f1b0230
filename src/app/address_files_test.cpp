// address_files_test.cpp: alias files of other mail servers are read, their programs never run.
// Spec: address_files.hpp.
#include "app/address_files.hpp"

#include <gtest/gtest.h>

namespace pb::app {
namespace {
TEST(AddressFiles, reads_names_targets_comments_and_lines_that_go_on) {
  std::vector<Problem> problems;
  AliasMap const aliases = parse_aliases(
      "# of the shop\nSales: alice, bob@two.test,\n  carol\n\ninfo:alice\n", "aliases", problems);
  EXPECT_TRUE(problems.empty()) << problems[0].line();
  EXPECT_EQ(aliases, (AliasMap{{"sales", "alice, bob@two.test, carol"}, {"info", "alice"}}));
}

TEST(AddressFiles, names_programs_files_and_includes_as_errors) {
  std::vector<Problem> problems;
  parse_aliases(
      "a: |/bin/rm\nb: \"|/usr/bin/procmail\"\nc: /var/mail/c\nd: :include:/etc/list\n"
      "e: not@@an@address\nno colon\nf: x\nf: y\n",
      "aliases", problems);
  ASSERT_EQ(problems.size(), 7U);
  EXPECT_EQ(problems[0].line(),
            "aliases:1:1: \"|/bin/rm\": aliases run no programs; deliver to an account and let a "
            "program read its mailbox");
  EXPECT_EQ(problems[6].line(), "aliases:8:1: \"f\": the name has a rule already");
}

TEST(AddressFiles, known_mailboxes_may_leave_out_their_own_domain_only) {
  std::vector<Problem> problems;
  DomainConfig domain;
  domain.name = "one.test";
  AliasMap const known =
      parse_recipients("alice\nBob@ONE.test\ncarol@two.test\n", domain, "known", problems);
  EXPECT_EQ(known.size(), 2U);
  EXPECT_TRUE(known.contains("bob"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].place.line, 3U);
}
}  // namespace
}  // namespace pb::app
