// policy_judge_test.cpp: ask and replay, the deadline, and what is logged.
// Spec: ARCHITECTURE.md "Judge".                      Not here: the rules (policy/engine_test.cpp).
#include "runtime/policy_judge.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "smtp/reply.hpp"

namespace pb::runtime {
namespace {
using namespace std::chrono_literals;
using smtp::server::Action;
using smtp::server::SessionFacts;
using smtp::server::Stage;
using smtp::server::Verdict;

class FixedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return at; }
  Instant at{Duration{1'800'000'000'000}};
};
class Lines final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::span<LogField const> fields) override {
    all.emplace_back(event);
    for (LogField const& field : fields) all.back() += " " + field.value;
  }
  std::vector<std::string> all;
};
class FixedGauge final : public MailboxGauge {
 public:
  asio::awaitable<std::optional<std::uint64_t>> used_octets(std::string account,
                                                            Duration wait) override {
    asked.push_back(account);
    waited = wait;
    co_return used;
  }
  std::optional<std::uint64_t> used;
  std::vector<std::string> asked;
  Duration waited{0};
};

class PolicyJudgeTest : public testing::Test {
 protected:
  PolicyJudgeTest() {
    accounts::Account ada;
    ada.name = "ada@example.org";
    ada.quota_octets = 100;
    accounts::DomainRules rules;
    rules.name = "example.org";
    parts.directory = std::make_shared<DirectorySnapshot>(std::make_shared<accounts::Directory>(
        std::vector{ada}, std::vector{rules}, "mx.example.org"));
    parts.networks.trusted = {Network::parse("192.0.2.0/24").value()};
    parts.gauge = gauge;
  }
  static asio::awaitable<void> ask(PolicyJudge& judge, Stage stage, SessionFacts const& facts,
                                   Verdict& verdict) {
    verdict = co_await judge.judge(stage, facts);
  }
  Verdict rcpt(PolicyJudge& judge, std::string_view address) {
    SessionFacts facts;
    facts.sandbox = sandbox;
    facts.peer.peer.address = IpAddress::parse("203.0.113.5").value();
    facts.peer = judge.classify(facts.peer);
    facts.recipient =
        mail::ForwardPath{mail::parse_mailbox(address, mail::Utf8::refuse).value(), {}, {}};
    asio::io_context loop;
    Verdict verdict;
    asio::co_spawn(loop, ask(judge, Stage::rcpt, facts, verdict), asio::detached);
    loop.run();
    return verdict;
  }

  FixedClock clock;
  Lines log;
  std::shared_ptr<FixedGauge> gauge = std::make_shared<FixedGauge>();
  PolicyJudgeParts parts;
  bool sandbox = false;
};

TEST_F(PolicyJudgeTest, finds_the_answer_to_a_question_and_judges_again) {
  PolicyJudge judge{parts, clock, log};
  gauge->used = 99;
  EXPECT_EQ(rcpt(judge, "ada@example.org").action, Action::accept);
  gauge->used = 100;
  EXPECT_EQ(rcpt(judge, "ada@example.org").reply.status, smtp::reply::mailbox_full.status);
  EXPECT_EQ(gauge->asked, (std::vector<std::string>{"ada@example.org", "ada@example.org"}));
  EXPECT_EQ(gauge->waited, 20s);
}

TEST_F(PolicyJudgeTest, defers_what_it_cannot_find_out_in_time) {
  PolicyJudge judge{parts, clock, log};
  Verdict const verdict = rcpt(judge, "ada@example.org");
  EXPECT_EQ(verdict.action, Action::defer);
  EXPECT_EQ(verdict.reply.status, smtp::reply::judge_timeout.status);
}

TEST_F(PolicyJudgeTest, holds_no_mailbox_full_without_a_gauge) {
  parts.gauge = nullptr;
  PolicyJudge judge{parts, clock, log};
  EXPECT_EQ(rcpt(judge, "ada@example.org").action, Action::accept);
}

TEST_F(PolicyJudgeTest, logs_some_refusals_a_minute_and_not_all) {
  PolicyJudge judge{parts, clock, log};
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(rcpt(judge, "u" + std::to_string(i) + "@example.org").action, Action::reject);
  }
  EXPECT_EQ(log.all.size(), 20U);
  EXPECT_NE(log.all.front().find("unknown_recipient"), std::string::npos);
  clock.at += 1min;
  static_cast<void>(rcpt(judge, "u@example.org"));
  EXPECT_EQ(log.all.size(), 21U);
}

TEST_F(PolicyJudgeTest, notes_what_a_real_server_would_have_refused) {
  sandbox = true;
  PolicyJudge judge{parts, clock, log};
  EXPECT_EQ(rcpt(judge, "anyone@elsewhere.example").action, Action::accept);
  ASSERT_EQ(log.all.size(), 1U);
  EXPECT_TRUE(log.all.front().starts_with("sandbox-note"));
  EXPECT_NE(log.all.front().find("relay_denied"), std::string::npos);
}

TEST_F(PolicyJudgeTest, classifies_by_the_configured_networks) {
  PolicyJudge judge{parts, clock, log};
  smtp::server::PeerFacts peer;
  peer.peer.address = IpAddress::parse("192.0.2.1").value();
  EXPECT_TRUE(judge.classify(peer).trusted);
}
}  // namespace
}  // namespace pb::runtime
