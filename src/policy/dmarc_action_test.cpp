// dmarc_action_test.cpp: what becomes of a message that failed DMARC.
// Spec: RFC 9989 §5.4; RFC 8617 §5.
#include "policy/dmarc_action.hpp"

#include <gtest/gtest.h>

namespace pb::policy {
namespace {
dmarc::Result failed(dmarc::Policy policy) {
  dmarc::Result out;
  out.word = dmarc::Word::fail;
  out.author_domain = "news.bank.example";
  out.published = out.policy = policy;
  return out;
}

arc::Result chain(char const* results) {
  arc::Result out;
  out.word = arc::Word::pass;
  out.sealers = {{1, "first.example", "s"}, {2, "lists.example", "s"}};
  out.newest_results = results;
  return out;
}

TEST(DmarcAction, dmarc_alone_never_refuses_by_default) {
  EXPECT_EQ(dispose(DmarcAction::record, failed(dmarc::Policy::reject)), Disposal::junk);
  EXPECT_EQ(dispose(DmarcAction::record, failed(dmarc::Policy::quarantine)), Disposal::junk);
  EXPECT_EQ(dispose(DmarcAction::record, failed(dmarc::Policy::none)), Disposal::deliver);
}

TEST(DmarcAction, reject_refuses_only_what_the_domain_wants_refused) {
  EXPECT_EQ(dispose(DmarcAction::reject, failed(dmarc::Policy::reject)), Disposal::refuse);
  EXPECT_EQ(dispose(DmarcAction::reject, failed(dmarc::Policy::quarantine)), Disposal::mark);
  EXPECT_EQ(dispose(DmarcAction::hold, failed(dmarc::Policy::quarantine)), Disposal::hold);
  EXPECT_EQ(dispose(DmarcAction::reject, failed(dmarc::Policy::none)), Disposal::deliver);
}

TEST(DmarcAction, what_did_not_fail_is_delivered_whatever_the_rule) {
  dmarc::Result passed = failed(dmarc::Policy::reject);
  passed.word = dmarc::Word::pass;
  EXPECT_EQ(dispose(DmarcAction::reject, passed), Disposal::deliver);
}

TEST(DmarcAction, a_named_forwarder_that_saw_it_pass_is_believed) {
  DmarcTrust const trust{{"Lists.Example"}, {}};
  auto const dmarc = failed(dmarc::Policy::reject);
  EXPECT_TRUE(is_spared(dmarc, chain("mx.lists.example; dmarc=pass header.from=a.example"), trust));
  EXPECT_FALSE(is_spared(dmarc, chain("mx.lists.example; dmarc=fail"), trust));
  EXPECT_FALSE(is_spared(dmarc, chain("mx.lists.example; spf=pass"), trust));
  EXPECT_FALSE(is_spared(dmarc, chain("mx.lists.example; dmarc=pass"), {{"first.example"}, {}}));
  arc::Result broken = chain("mx.lists.example; dmarc=pass");
  broken.word = arc::Word::fail;
  EXPECT_FALSE(is_spared(dmarc, broken, trust));
}

TEST(DmarcAction, an_exception_spares_the_domain_and_those_below_it) {
  auto const dmarc = failed(dmarc::Policy::reject);
  EXPECT_TRUE(is_spared(dmarc, {}, {{}, {"bank.example"}}));
  EXPECT_FALSE(is_spared(dmarc, {}, {{}, {"ank.example"}}));
}

TEST(DmarcAction, words_are_those_of_the_configuration) {
  EXPECT_EQ(parse_dmarc_action("hold"), DmarcAction::hold);
  EXPECT_EQ(parse_dmarc_action("Reject"), std::nullopt);
}
}  // namespace
}  // namespace pb::policy
