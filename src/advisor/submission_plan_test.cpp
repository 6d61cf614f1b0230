// submission_plan_test.cpp: the order of ways, and what forbids another try.
// Spec: docs/reference/command-line.md.
#include "advisor/submission_plan.hpp"

#include <gtest/gtest.h>

namespace pb::advisor {
namespace {
namespace client = smtp::client;
using client::Fault;
using client::Phase;

client::Transcript failed(Phase phase, Fault fault, std::uint16_t code = 0) {
  client::Transcript out;
  out.recipients.resize(1);
  out.phase = phase;
  out.fault = fault;
  if (code != 0) out.reply = client::RemoteReply{.code = code, .status = {}, .text = "x"};
  return out;
}

TEST(SubmissionPlan, follows_the_order_of_preference) {
  Way const on587{587, Security::starttls}, on2525{2525, Security::starttls};
  Way const on465{465, Security::implicit_tls};
  EXPECT_EQ(ways_to(nullptr, Preference::founding, {}), (std::vector{on587, on2525, on465}));
  EXPECT_EQ(ways_to(nullptr, Preference::rfc8314, {}), (std::vector{on465, on587, on2525}));
  EXPECT_EQ(ways_to(nullptr, Preference::founding, on465), (std::vector{on465, on587, on2525}));
}

TEST(SubmissionPlan, offers_a_provider_only_what_it_offers_and_never_25) {
  for (auto const& provider : providers()) {
    for (auto preference : {Preference::founding, Preference::rfc8314, Preference::provider}) {
      auto const ways = ways_to(&provider, preference, {});
      EXPECT_FALSE(ways.empty()) << provider.id;
      for (auto const& way : ways) {
        EXPECT_NE(way.port, 25) << provider.id;
        bool offered = false;
        for (auto const& offer : provider.offers) offered = offered || offer.port == way.port;
        EXPECT_TRUE(offered) << provider.id << ' ' << way.port;
      }
    }
  }
}

TEST(SubmissionPlan, ways_are_written_as_they_are_read) {
  for (auto const* text : {"587/starttls", "465/tls", "2525/starttls", "25/none"})
    EXPECT_EQ(text_of(*parse_way(text)), text);
  EXPECT_EQ(parse_way("465")->security, Security::implicit_tls);
  EXPECT_EQ(parse_way("10587")->security, Security::starttls);
  for (auto const* text : {"", "0", "70000", "587/", "587/ssl3", "x"})
    EXPECT_FALSE(parse_way(text)) << text;
}

TEST(SubmissionPlan, another_way_is_tried_only_before_mail_from) {
  for (auto phase :
       {Phase::connect, Phase::greeting, Phase::ehlo, Phase::starttls, Phase::tls, Phase::auth}) {
    EXPECT_TRUE(may_try_another_way(failed(phase, Fault::connection_lost)));
    EXPECT_TRUE(may_try_another_way(failed(phase, Fault::timeout)));
  }
  for (auto phase :
       {Phase::mail, Phase::rcpt, Phase::data, Phase::body, Phase::end_of_data, Phase::quit}) {
    EXPECT_FALSE(may_try_another_way(failed(phase, Fault::connection_lost)));
    EXPECT_FALSE(may_try_another_way(failed(phase, Fault::service_closing, 421)));
  }
}

TEST(SubmissionPlan, a_refused_login_is_not_repeated_elsewhere) {
  EXPECT_FALSE(may_try_another_way(failed(Phase::auth, Fault::auth_refused, 535)));
  EXPECT_FALSE(may_try_another_way(failed(Phase::auth, Fault::auth_unproven)));
  EXPECT_TRUE(may_try_another_way(failed(Phase::auth, Fault::auth_deferred, 454)));
}

TEST(SubmissionPlan, silence_behind_the_end_of_data_is_uncertain) {
  auto transcript = failed(Phase::end_of_data, Fault::timeout);
  transcript.end_of_data_sent = true;
  EXPECT_EQ(judge_sending(transcript), Sent::uncertain);
  EXPECT_EQ(judge_sending(failed(Phase::tls, Fault::tls_untrusted)), Sent::danger);
  EXPECT_EQ(judge_sending(failed(Phase::greeting, Fault::refused, 554)), Sent::refused);
  EXPECT_EQ(judge_sending(failed(Phase::greeting, Fault::refused, 421)), Sent::not_yet);
  EXPECT_EQ(judge_sending(failed(Phase::auth, Fault::auth_refused, 535)), Sent::login);
  auto only_login = failed(Phase::connect, Fault::connect_failed);
  only_login.recipients.clear();
  EXPECT_EQ(judge_sending(only_login), Sent::not_yet);
}
}  // namespace
}  // namespace pb::advisor
