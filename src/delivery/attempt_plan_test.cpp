// attempt_plan_test.cpp: who is tried where, and what is known when. Spec: attempt_plan.hpp.
// Not here: what one reply means (classify_test.cpp).
#include "delivery/attempt_plan.hpp"

#include <gtest/gtest.h>

namespace pb::delivery {
namespace {
using smtp::client::Fault;
using smtp::client::Phase;
using smtp::client::TlsUse;
using smtp::client::Transcript;

Route route(int hosts) {
  Route out;
  for (int i = 1; i <= hosts; ++i) {
    Hop hop;
    hop.host = "mx" + std::to_string(i) + ".two.example";
    hop.endpoint = *Endpoint::parse("192.0.2." + std::to_string(i) + ":25");
    out.hops.push_back(hop);
  }
  return out;
}

/// A transaction that gave each recipient this code; 0: not tried, there were too many.
Transcript replies(std::vector<std::uint16_t> const& codes) {
  Transcript out;
  for (std::uint16_t const code : codes) {
    auto& made = out.recipients.emplace_back();
    if (code == 0) continue;
    made.reply = smtp::client::RemoteReply{code, {}, "text"};
    made.phase = code < 300 ? Phase::end_of_data : Phase::rcpt;
  }
  return out;
}

Transcript failure(Fault fault, Phase phase, std::size_t recipients) {
  Transcript out;
  out.recipients.resize(recipients);
  out.fault = fault;
  out.phase = phase;
  return out;
}

std::string words(std::vector<queue::RecipientOutcome> const& outcomes) {
  std::string out;
  for (auto const& [recipient, outcome] : outcomes) {
    out += out.empty() ? "" : " ";
    out += std::to_string(recipient);
    if (std::holds_alternative<queue::Delivered>(outcome)) out += "=delivered";
    if (std::holds_alternative<queue::Bounced>(outcome)) out += "=bounced";
    if (auto const* deferred = std::get_if<queue::Deferred>(&outcome))
      out += "=" + std::string{name(deferred->reason)};
  }
  return out;
}

TEST(AttemptPlan, what_one_transaction_delivered_is_known_before_the_next_one_begins) {
  AttemptPlan plan{route(1), {3, 5, 8}};
  EXPECT_EQ(plan.take(replies({250, 550, 0}), *plan.hop(), false), Next::new_transaction);
  EXPECT_TRUE(plan.more());
  EXPECT_EQ(words(plan.take_delivered()), "3=delivered");
  EXPECT_EQ(words(plan.take_delivered()), "") << "once";
  ASSERT_EQ(plan.recipients().size(), 1);
  EXPECT_EQ(plan.recipients()[0], 8U);
  EXPECT_EQ(plan.take(replies({250}), *plan.hop(), true), Next::settle);
  EXPECT_FALSE(plan.more());
  EXPECT_EQ(words(plan.finish()), "5=bounced 8=delivered") << "each recipient once";
}

TEST(AttemptPlan, the_hosts_have_their_turn_one_after_the_other_and_then_it_is_over) {
  AttemptPlan plan{route(2), {0, 1}};
  EXPECT_EQ(plan.hop()->host, "mx1.two.example");
  EXPECT_EQ(plan.take(failure(Fault::connect_failed, Phase::connect, 2), *plan.hop(), false),
            Next::next_hop);
  EXPECT_EQ(plan.hop()->host, "mx2.two.example");
  EXPECT_EQ(plan.take(failure(Fault::timeout, Phase::connect, 2), *plan.hop(), false),
            Next::next_hop);
  EXPECT_EQ(plan.hop(), nullptr);
  EXPECT_EQ(plan.showed(false), Showed::is_down);
  EXPECT_EQ(plan.showed(true), Showed::works) << "given up by us: nothing is known of the site";
  EXPECT_EQ(words(plan.finish()), "0=connect_timeout 1=connect_timeout");
}

TEST(AttemptPlan, a_kept_connection_that_died_is_opened_once_more_and_only_once) {
  AttemptPlan plan{route(1), {0}};
  Hop const hop = *plan.hop();
  Transcript const lost = failure(Fault::connection_lost, Phase::mail, 1);
  EXPECT_EQ(plan.take(lost, hop, true), Next::reconnect);
  EXPECT_EQ(*plan.hop(), hop);
  EXPECT_EQ(plan.take(lost, hop, true), Next::next_hop);
  EXPECT_EQ(plan.hop(), nullptr);
}

TEST(AttemptPlan, the_clear_is_tried_at_the_hop_whose_tls_failed_and_not_at_the_next_one) {
  AttemptPlan plan{route(2), {0}};
  Hop const first = *plan.hop();
  Transcript const broken = failure(Fault::tls_failed, Phase::tls, 1);
  EXPECT_EQ(plan.tls(first), TlsUse::opportunistic);
  EXPECT_EQ(plan.take(broken, first, false), Next::in_the_clear);
  EXPECT_EQ(*plan.hop(), first);
  EXPECT_EQ(plan.tls(first), TlsUse::never);
  EXPECT_EQ(plan.take(failure(Fault::timeout, Phase::mail, 1), first, false), Next::next_hop);
  EXPECT_EQ(plan.hop()->host, "mx2.two.example");
  EXPECT_EQ(plan.tls(*plan.hop()), TlsUse::opportunistic);
}

TEST(AttemptPlan, who_needs_8bitmime_gets_every_host_again_when_none_has_it) {
  AttemptPlan plan{route(2), {0}};
  Transcript const missing = failure(Fault::eight_bit_missing, Phase::mail, 1);
  plan.take(missing, *plan.hop(), false);
  EXPECT_EQ(plan.hop()->host, "mx2.two.example");
  plan.take(missing, *plan.hop(), false);
  EXPECT_EQ(plan.hop(), nullptr);
  ASSERT_TRUE(plan.lacks_eight_bit());
  plan.retry_without_eight_bit();
  EXPECT_EQ(plan.hop()->host, "mx1.two.example");
  EXPECT_EQ(plan.take(replies({250}), *plan.hop(), false), Next::settle);
  EXPECT_EQ(words(plan.finish()), "0=delivered");
}

TEST(AttemptPlan, a_recipient_that_was_never_tried_is_given_back) {
  AttemptPlan plan{route(1), {7}};
  auto const outcomes = plan.finish();
  EXPECT_EQ(words(outcomes), "7=shutting_down");
  EXPECT_FALSE(std::get<queue::Deferred>(outcomes[0].outcome).attempted);
}

TEST(AttemptPlan, a_host_that_throttles_is_told_apart_from_one_that_is_down) {
  AttemptPlan plan{route(1), {0}};
  plan.take(failure(Fault::service_closing, Phase::greeting, 1), *plan.hop(), false);
  EXPECT_EQ(plan.showed(false), Showed::throttles);
  AttemptPlan kept{route(1), {0}};
  Hop const hop = *kept.hop();
  EXPECT_EQ(kept.take(failure(Fault::service_closing, Phase::mail, 1), hop, true), Next::reconnect);
  EXPECT_EQ(kept.take(replies({250}), hop, false), Next::settle);
  EXPECT_EQ(kept.showed(false), Showed::works) << "the end of a kept connection is no throttle";
}
}  // namespace
}  // namespace pb::delivery
