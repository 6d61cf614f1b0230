// engine_test.cpp: what each role takes from whom, and with which words it refuses.
// Spec: docs/reference/roles.md; RFC 6409 §4.3, §6.1; RFC 5321 §6.3.    Not here: relaying
// (open_relay_test.cpp).
#include "policy/engine.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "policy/policy_test_world.hpp"
#include "smtp/reply.hpp"

namespace pb::policy {
namespace {
using namespace testing;
using smtp::server::Action;
using smtp::server::Role;

/// Same code and status as the table's row.
void expect_refused(Verdict const& verdict, smtp::NamedReply const& reply, Action action) {
  EXPECT_EQ(verdict.action, action) << verdict.rule;
  EXPECT_EQ(verdict.reply.code, reply.code) << verdict.rule;
  EXPECT_EQ(verdict.reply.status, reply.status) << verdict.rule;
}
void expect_rejected(Verdict const& verdict, smtp::NamedReply const& reply) {
  expect_refused(verdict, reply, Action::reject);
}
void expect_accepted(Verdict const& verdict) {
  EXPECT_EQ(verdict.action, Action::accept) << verdict.rule << ": " << verdict.reply.text;
}

TEST(Relay, takes_mail_of_anyone_for_known_recipients) {
  SessionFacts const facts = session(Role::relay);
  expect_accepted(verdict(Stage::connect, facts));
  expect_accepted(verdict(Stage::ehlo, facts));
  expect_accepted(verdict(Stage::mail, facts));
  expect_accepted(rcpt(facts, "alice@example.org"));
  expect_accepted(rcpt(facts, "alice+tag@example.org"));
  expect_accepted(rcpt(facts, "whoever@caught.example"));
  expect_accepted(rcpt(facts, mail::Mailbox{"Postmaster", {""}}));
  expect_accepted(rcpt(facts, "abuse@example.org"));
}

TEST(Relay, refuses_unknown_recipients_without_a_hint) {
  auto const said = rcpt(session(Role::relay), "alcie@example.org");
  expect_rejected(said, smtp::reply::unknown_user);
  EXPECT_EQ(said.reply.text.find("alice"), std::string::npos);
  EXPECT_EQ(said.rule, "unknown_recipient");
}

TEST(Relay, takes_a_bounce_for_an_address_of_ours_from_nobody_only) {
  accounts::Directory const directory = small_directory();
  std::function<bool(mail::Mailbox const&)> const ours = [](mail::Mailbox const& mailbox) {
    return mailbox.local_part == "SRS0=good";
  };
  auto const asked = [&](std::string_view local_part, bool from_nobody) {
    SessionFacts facts = session(Role::relay);
    if (from_nobody) facts.envelope.reverse_path.mailbox.reset();
    facts.recipient.emplace();
    facts.recipient->mailbox = {std::string{local_part}, {"example.org"}};
    return std::get<Verdict>(judge(Stage::rcpt, facts, {directory, &ours}, {}));
  };
  expect_accepted(asked("SRS0=good", true));
  expect_rejected(asked("SRS0=good", false), smtp::reply::unknown_user);
  expect_rejected(asked("SRS0=bad", true), smtp::reply::unknown_user);
}

TEST(Relay, asks_the_mail_store_where_it_is_the_one_who_knows) {
  accounts::Directory const directory = small_directory();
  std::function<bool(mail::Domain const&)> const probed = [](mail::Domain const& domain) {
    return domain.key() == "example.org";
  };
  SessionFacts facts = session(Role::relay);
  facts.recipient.emplace();
  facts.recipient->mailbox = {"stored", {"example.org"}};
  auto const asked = [&](std::optional<bool> exists) {
    Answers answers;
    answers.recipient_exists = exists;
    return judge(Stage::rcpt, facts, {directory, nullptr, &probed}, answers);
  };
  auto const question = std::get<Question>(asked(std::nullopt));
  EXPECT_EQ(std::get<ProbeQuestion>(question).mailbox.local_part, "stored");
  expect_accepted(std::get<Verdict>(asked(true)));
  expect_rejected(std::get<Verdict>(asked(false)), smtp::reply::unknown_user);
}

TEST(Relay, asks_the_mail_store_for_its_postmaster_where_nobody_is_named) {
  std::function<bool(mail::Domain const&)> const probed = [](mail::Domain const& domain) {
    return domain.key() == "example.org";
  };
  accounts::DomainRules rules;
  rules.name = "example.org";
  SessionFacts facts = session(Role::relay);
  facts.recipient.emplace();
  facts.recipient->mailbox = {"Postmaster", {"example.org"}};
  auto const asked = [&](std::string const& named, std::optional<bool> exists) {
    accounts::Directory const directory{{}, {rules}, "mx.example.org", named};
    Answers answers;
    answers.recipient_exists = exists;
    return judge(Stage::rcpt, facts, {directory, nullptr, &probed}, answers);
  };
  EXPECT_TRUE(std::holds_alternative<Question>(asked("", std::nullopt)));
  expect_accepted(std::get<Verdict>(asked("", true)));
  expect_rejected(std::get<Verdict>(asked("", false)), smtp::reply::unknown_user);
  expect_accepted(std::get<Verdict>(asked("chief@far.example", std::nullopt)));
}

TEST(Relay, takes_anything_for_anywhere_from_trusted_networks_but_no_unknown_recipient_here) {
  SessionFacts const facts = session(Role::relay, "192.0.2.77");
  expect_accepted(rcpt(facts, "anyone@elsewhere.example"));
  expect_rejected(rcpt(facts, "nobody@example.org"), smtp::reply::unknown_user);
}

TEST(Relay, does_not_ask_whose_the_senders_are) {
  expect_accepted(
      message(session(Role::relay), "alice@example.org", "From: alice@example.org\r\n"));
  expect_accepted(message(session(Role::relay), "", "Subject: no author\r\n"));
}

TEST(Submission, wants_tls_and_then_a_login) {
  for (Role const role : {Role::submission, Role::submissions, Role::submission_alt}) {
    SessionFacts facts = session(role);
    auto const bare = verdict(Stage::mail, facts);
    expect_rejected(bare, smtp::reply::need_tls);
    EXPECT_EQ(bare.rule, "need_tls");
    facts.tls.active = true;
    auto const nobody = verdict(Stage::mail, facts);
    expect_rejected(nobody, smtp::reply::need_auth);
    EXPECT_EQ(nobody.rule, "need_auth");
    facts.account = "alice@example.org";
    expect_accepted(verdict(Stage::mail, facts));
  }
}

TEST(Submission, wants_a_login_of_trusted_networks_too) {
  SessionFacts facts = session(Role::submission, "192.0.2.77");
  facts.tls.active = true;
  expect_rejected(verdict(Stage::mail, facts), smtp::reply::need_auth);
  expect_rejected(rcpt(facts, "anyone@elsewhere.example"), smtp::reply::relay_denied);
}

TEST(Submission, takes_mail_of_an_account_for_anyone_and_helps_with_slips) {
  SessionFacts const facts = login("alice@example.org");
  expect_accepted(rcpt(facts, "anyone@elsewhere.example"));
  expect_accepted(rcpt(facts, "someone@[192.0.2.1]"));
  auto const slip = rcpt(facts, "bbo@example.org");
  expect_rejected(slip, smtp::reply::unknown_user);
  EXPECT_NE(slip.reply.text.find("did you mean bob@example.org?"), std::string::npos);
}

TEST(Quota, is_asked_about_once_and_a_full_mailbox_is_for_later) {
  SessionFacts facts = session(Role::relay);
  facts.recipient = mail::ForwardPath{box("bob+x@example.org"), {}, {}};
  auto const question = std::get<Question>(judged(Stage::rcpt, facts));
  EXPECT_EQ(std::get<CapacityQuestion>(question), (CapacityQuestion{"bob@example.org", 1000}));
  Answers answers;
  answers.mailbox_full["bob@example.org"] = false;
  expect_accepted(verdict(Stage::rcpt, facts, answers));
  answers.mailbox_full["bob@example.org"] = true;
  expect_refused(verdict(Stage::rcpt, facts, answers), smtp::reply::mailbox_full, Action::defer);
}

TEST(Ownership, lets_an_account_send_as_itself_and_what_it_is_allowed) {
  SessionFacts const alice = login("alice@example.org");
  expect_accepted(message(alice, "alice@example.org", "From: Alice <al@example.org>\r\n"));
  expect_accepted(message(alice, "alice+list@example.org", "From: alice@example.org\r\n"));
  expect_accepted(message(login("news"), "bounce@news.example", "From: any@news.example\r\n"));
  expect_accepted(message(login("relay"), "x@a.example", "From: y@b.example\r\n"));
}

TEST(Ownership, refuses_a_reverse_path_of_somebody_else_and_says_whose_it_should_be) {
  auto const said =
      message(login("alice@example.org"), "bob@example.org", "From: alice@example.org\r\n");
  expect_rejected(said, smtp::reply::not_owner);
  EXPECT_EQ(said.rule, "reverse_path_not_owned");
  EXPECT_EQ(said.reply.text, "alice@example.org may not send as bob@example.org");
}

TEST(Ownership, refuses_when_only_one_of_the_authors_is_somebody_else) {
  SessionFacts const alice = login("alice@example.org");
  for (std::string_view const from :
       {"From: bob@example.org\r\n", "From: alice@example.org, bob@example.org\r\n",
        "From: Alice <alice@example.org>,\r\n Bob <bob@example.org>\r\n",
        "From: team: alice@example.org, bob@example.org;\r\n",
        "From: \"alice@example.org\" <bob@example.org>\r\n", "From: ceo@victim.example\r\n"}) {
    auto const said = message(alice, "alice@example.org", std::string{from});
    expect_rejected(said, smtp::reply::from_not_owned);
    EXPECT_EQ(said.rule, "from_not_owned") << from;
  }
}

TEST(Ownership, takes_a_null_reverse_path_when_from_is_owned) {
  SessionFacts const alice = login("alice@example.org");
  expect_accepted(message(alice, "", "From: alice@example.org\r\n"));
  expect_rejected(message(alice, "", "From: bob@example.org\r\n"), smtp::reply::from_not_owned);
}

TEST(Ownership, cannot_be_shown_by_a_from_that_is_missing_doubled_or_unreadable) {
  SessionFacts const alice = login("alice@example.org");
  for (std::string_view const header :
       {"Subject: x\r\n", "From: alice@example.org\r\nFROM : bob@example.org\r\n", "From: \r\n",
        "From: nobody:;\r\n", "From: alice@example.org bob@example.org\r\n",
        "From: bob@example.org <alice@example.org>\r\n", "From: alice\r\n"}) {
    auto const said = message(alice, "alice@example.org", std::string{header});
    expect_rejected(said, smtp::reply::from_not_owned);
    EXPECT_EQ(said.rule, "from_unreadable") << header;
  }
}

TEST(Loops, end_after_a_hundred_received_fields) {
  std::string header;
  for (std::size_t i = 0; i < limits::received_fields_max; ++i) header += "Received: x\r\n";
  expect_accepted(message(session(Role::relay), "", header));
  header += "received: one more\r\n";
  expect_rejected(message(session(Role::relay), "", header), smtp::reply::mail_loop);
}

TEST(Sandbox, accepts_everything_and_remembers_what_would_have_been_refused) {
  SessionFacts facts = session(Role::submission);
  facts.sandbox = true;
  auto const mail = verdict(Stage::mail, facts);
  expect_accepted(mail);
  EXPECT_EQ(mail.rule, "sandbox: need_tls");
  EXPECT_EQ(rcpt(facts, "anyone@elsewhere.example").rule, "sandbox: relay_denied");
  EXPECT_EQ(rcpt(facts, "nobody@example.org").rule, "sandbox: unknown_recipient");
  EXPECT_EQ(rcpt(facts, "bob@example.org").rule, "accepted");
  EXPECT_EQ(message(facts, "x@y.example", "From: z@y.example\r\n").rule,
            "sandbox: reverse_path_not_owned");
  expect_accepted(message(facts, "x@y.example", ""));
}

TEST(UnknownRecipients, get_a_thousand_refusals_for_a_thousand_recipients) {
  SessionFacts const facts = session(Role::relay);
  std::size_t refused = 0;
  for (int i = 0; i < 1000; ++i) {
    auto const said = rcpt(facts, "user" + std::to_string(i) + "@example.org");
    refused += said.action == Action::reject && said.rule == "unknown_recipient" ? 1 : 0;
  }
  EXPECT_EQ(refused, 1000U);
}
}  // namespace
}  // namespace pb::policy
