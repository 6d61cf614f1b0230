// classify_test.cpp: every reply and fault class with its outcome, its reason and where it goes
// next. Spec: docs/reference ("what fails over, defers, bounces"); RFC 5321 §4.2.1, §4.5.3.1.10.
#include "delivery/classify.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pb::delivery {
namespace {
using smtp::client::Fault;
using smtp::client::Phase;
using smtp::client::RecipientResult;
using smtp::client::RemoteReply;
using smtp::client::TlsUse;
using smtp::client::Transcript;

RemoteReply reply(std::uint16_t code, smtp::EnhancedStatus status = {}) {
  return {code, status, "text"};
}

std::string_view name_of(Next next) {
  switch (next) {
    case Next::settle:
      return "settle";
    case Next::next_hop:
      return "next_hop";
    case Next::new_transaction:
      return "new_transaction";
    case Next::reconnect:
      return "reconnect";
    case Next::in_the_clear:
      return "in_the_clear";
    case Next::eight_bit:
      return "eight_bit";
  }
  return "";
}

std::string words(Decision const& decision) {
  std::string out{name_of(decision.next)};
  if (auto const* deferred = std::get_if<queue::Deferred>(&decision.outcome))
    return out + fmt::format(" deferred {}", name(deferred->reason));
  if (auto const* bounced = std::get_if<queue::Bounced>(&decision.outcome))
    return out + fmt::format(" bounced {}.{}.{} {}", bounced->status.klass, bounced->status.subject,
                             bounced->status.detail, name(bounced->reason));
  return out + " delivered";
}

HopFacts mx() {
  return {"mx.two.example [192.0.2.1]:25", HopKind::mx, TlsUse::opportunistic, false};
}

std::string of_reply(std::uint16_t code, Phase phase, smtp::EnhancedStatus status = {},
                     HopFacts const& hop = mx()) {
  Transcript transcript;
  transcript.recipients.push_back({reply(code, status), phase, false});
  return words(classify(transcript, hop).front());
}

std::string of_fault(Fault fault, Phase phase, HopFacts const& hop = mx(), bool sent = false) {
  Transcript transcript;
  transcript.recipients.resize(1);
  transcript.fault = fault;
  transcript.phase = phase;
  transcript.end_of_data_sent = sent;
  return words(classify(transcript, hop).front());
}

TEST(Classify, a_2xx_to_the_end_of_data_is_delivered_and_nothing_else_is) {
  EXPECT_EQ(of_reply(250, Phase::end_of_data), "settle delivered");
}

TEST(Classify, a_5xx_to_the_message_bounces_at_once) {
  for (Phase const phase :
       {Phase::mail, Phase::rcpt, Phase::data, Phase::body, Phase::end_of_data}) {
    EXPECT_EQ(of_reply(550, phase, {5, 1, 1}), "settle bounced 5.1.1 remote_refused");
    EXPECT_EQ(of_reply(554, phase), "settle bounced 5.0.0 remote_refused");
  }
}

TEST(Classify, a_4xx_to_the_message_defers_without_another_host) {
  for (Phase const phase : {Phase::mail, Phase::rcpt, Phase::data, Phase::body, Phase::end_of_data})
    EXPECT_EQ(of_reply(451, phase), "settle deferred remote_deferred");
}

TEST(Classify, a_421_goes_to_the_next_host_and_never_bounces) {
  for (Phase const phase : {Phase::mail, Phase::rcpt, Phase::data, Phase::end_of_data})
    EXPECT_EQ(of_reply(421, phase), "next_hop deferred service_closing");
  EXPECT_EQ(of_fault(Fault::service_closing, Phase::rcpt), "next_hop deferred service_closing");
}

TEST(Classify, what_fails_before_the_message_goes_to_the_next_host_and_never_bounces) {
  EXPECT_EQ(of_fault(Fault::connect_failed, Phase::connect), "next_hop deferred connect_failed");
  EXPECT_EQ(of_fault(Fault::timeout, Phase::connect), "next_hop deferred connect_timeout");
  EXPECT_EQ(of_fault(Fault::refused, Phase::greeting), "next_hop deferred greeting_refused");
  EXPECT_EQ(of_fault(Fault::refused, Phase::ehlo), "next_hop deferred greeting_refused");
  EXPECT_EQ(of_fault(Fault::timeout, Phase::greeting), "next_hop deferred remote_timeout");
  EXPECT_EQ(of_fault(Fault::bad_reply, Phase::greeting), "next_hop deferred remote_garbage");
  EXPECT_EQ(of_fault(Fault::connection_lost, Phase::ehlo), "next_hop deferred connection_lost");
  EXPECT_EQ(of_fault(Fault::injected_plaintext, Phase::starttls), "next_hop deferred tls_failed");
}

TEST(Classify, a_failure_in_the_transaction_goes_to_the_next_host) {
  for (Phase const phase : {Phase::mail, Phase::rcpt, Phase::data, Phase::body}) {
    EXPECT_EQ(of_fault(Fault::timeout, phase), "next_hop deferred remote_timeout");
    EXPECT_EQ(of_fault(Fault::connection_lost, phase), "next_hop deferred connection_lost");
    EXPECT_EQ(of_fault(Fault::bad_reply, phase), "next_hop deferred remote_garbage");
  }
}

TEST(Classify, nothing_is_sent_twice_when_the_end_of_data_went_unanswered) {
  for (Fault const fault :
       {Fault::timeout, Fault::connection_lost, Fault::bad_reply, Fault::service_closing})
    EXPECT_EQ(of_fault(fault, Phase::end_of_data, mx(), true), "settle deferred outcome_unknown");
}

TEST(Classify, tls_failure_on_the_way_to_an_mx_falls_back_to_the_clear) {
  EXPECT_EQ(of_fault(Fault::tls_failed, Phase::tls), "in_the_clear deferred tls_failed");
  EXPECT_EQ(of_fault(Fault::connection_lost, Phase::tls), "in_the_clear deferred connection_lost");
  HopFacts hop = mx();
  for (TlsUse const use : {TlsUse::required, TlsUse::verified, TlsUse::implicit}) {
    hop.tls = use;
    EXPECT_EQ(of_fault(Fault::tls_failed, Phase::tls, hop), "next_hop deferred tls_failed");
  }
}

TEST(Classify, a_smarthost_that_does_not_let_us_in_is_our_fault) {
  HopFacts hop{"smtp.example.net", HopKind::smarthost, TlsUse::verified, false};
  EXPECT_EQ(of_fault(Fault::auth_refused, Phase::auth, hop),
            "next_hop deferred credentials_refused");
  EXPECT_EQ(of_fault(Fault::auth_missing, Phase::auth, hop),
            "next_hop deferred credentials_refused");
  EXPECT_EQ(of_fault(Fault::auth_unproven, Phase::auth, hop),
            "next_hop deferred credentials_refused");
  EXPECT_EQ(of_fault(Fault::auth_deferred, Phase::auth, hop), "next_hop deferred remote_deferred");
  EXPECT_EQ(of_fault(Fault::tls_untrusted, Phase::tls, hop),
            "next_hop deferred untrusted_certificate");
  EXPECT_EQ(of_fault(Fault::tls_missing, Phase::starttls, hop),
            "next_hop deferred policy_tls_required");
  for (std::uint16_t const code : std::initializer_list<std::uint16_t>{530, 534, 535})
    EXPECT_EQ(of_reply(code, Phase::mail, {}, hop), "next_hop deferred credentials_refused");
  EXPECT_EQ(of_reply(530, Phase::mail), "settle bounced 5.0.0 remote_refused") << "an MX";
  EXPECT_TRUE(is_operator_fault(queue::Reason::credentials_refused));
  EXPECT_TRUE(is_operator_fault(queue::Reason::untrusted_certificate));
  EXPECT_FALSE(is_operator_fault(queue::Reason::remote_refused));
}

TEST(Classify, our_own_faults_defer) {
  EXPECT_EQ(of_fault(Fault::body_failed, Phase::body), "settle deferred store_fault");
  EXPECT_EQ(of_fault(Fault::cancelled, Phase::rcpt), "settle deferred shutting_down");
  Transcript transcript;
  transcript.recipients.resize(1);
  transcript.fault = Fault::cancelled;
  auto const decisions = classify(transcript, mx());
  EXPECT_FALSE(std::get<queue::Deferred>(decisions[0].outcome).attempted);
}

TEST(Classify, what_a_host_lacks_sends_the_message_to_another_and_bounces_when_all_lack_it) {
  EXPECT_EQ(of_fault(Fault::too_large, Phase::mail), "next_hop bounced 5.3.4 message_too_large");
  EXPECT_EQ(of_fault(Fault::eight_bit_missing, Phase::mail),
            "eight_bit bounced 5.6.3 eight_bit_unsupported");
  EXPECT_EQ(of_fault(Fault::utf8_address_unsupported, Phase::mail),
            "next_hop bounced 5.6.7 utf8_address_unsupported");
  EXPECT_EQ(of_fault(Fault::utf8_header_unsupported, Phase::mail),
            "next_hop bounced 5.6.9 utf8_header_unsupported");
  EXPECT_EQ(of_fault(Fault::deliverby_missing, Phase::mail),
            "next_hop bounced 5.3.3 deliver_by_passed");
  queue::Outcome const lacks = queue::Bounced{{5, 3, 4}, queue::Reason::message_too_large, {}};
  queue::Outcome const away = queue::Deferred{};
  EXPECT_TRUE(std::holds_alternative<queue::Deferred>(milder(lacks, away)));
  EXPECT_TRUE(std::holds_alternative<queue::Deferred>(milder(away, lacks)));
  EXPECT_TRUE(std::holds_alternative<queue::Bounced>(milder(lacks, lacks)));
}

TEST(Classify, too_many_recipients_means_another_transaction_at_once) {
  Transcript transcript;
  transcript.recipients = {{reply(250), Phase::end_of_data, false},
                           {reply(452), Phase::rcpt, false},
                           {reply(552), Phase::rcpt, false},
                           {reply(452, {4, 5, 3}), Phase::rcpt, false},
                           {reply(452, {4, 2, 2}), Phase::rcpt, false},
                           {reply(552, {5, 2, 2}), Phase::rcpt, false},
                           {std::nullopt, Phase::mail, false}};
  auto const decisions = classify(transcript, mx());
  EXPECT_EQ(words(decisions[0]), "settle delivered");
  for (std::size_t const i : {1, 2, 3, 6})
    EXPECT_EQ(words(decisions[i]), "new_transaction deferred too_many_recipients") << i;
  EXPECT_EQ(words(decisions[4]), "settle deferred remote_deferred");
  EXPECT_EQ(words(decisions[5]), "settle bounced 5.2.2 remote_refused");
}

TEST(Classify, a_lone_recipient_is_never_one_too_many) {
  EXPECT_EQ(of_reply(452, Phase::rcpt), "settle deferred remote_deferred");
  EXPECT_EQ(of_reply(552, Phase::rcpt), "settle bounced 5.0.0 remote_refused");
}

TEST(Classify, a_kept_connection_that_is_gone_is_made_anew) {
  HopFacts hop = mx();
  hop.reused = true;
  EXPECT_EQ(of_fault(Fault::connection_lost, Phase::mail, hop),
            "reconnect deferred connection_lost");
  EXPECT_EQ(of_fault(Fault::service_closing, Phase::idle, hop),
            "reconnect deferred service_closing");
  EXPECT_EQ(of_fault(Fault::connection_lost, Phase::data, hop),
            "next_hop deferred connection_lost");
  EXPECT_EQ(of_reply(421, Phase::mail, {4, 7, 0}, hop), "reconnect deferred service_closing")
      << "it takes few messages a connection";
  EXPECT_EQ(of_reply(421, Phase::rcpt, {4, 7, 0}, hop), "next_hop deferred service_closing");
}

TEST(Classify, the_reply_is_kept_with_the_host_that_gave_it) {
  Transcript transcript;
  transcript.recipients.push_back(
      {RemoteReply{550, {5, 1, 1}, std::string(5000, 'x')}, Phase::rcpt, false});
  auto const decisions = classify(transcript, mx());
  auto const& bounced = std::get<queue::Bounced>(decisions[0].outcome);
  EXPECT_EQ(bounced.reply.code, 550);
  EXPECT_EQ(bounced.reply.host, "mx.two.example [192.0.2.1]:25");
  EXPECT_EQ(bounced.reply.text.size(), 1024);
}
}  // namespace
}  // namespace pb::delivery
