// auth_test.cpp: the reply to a failed login comes behind its delay.            Spec: RFC 4954 §9.
// Not here: exchanges (tests/dialogues/auth_*.smtp, sasl/server_test.cpp).
#include <gtest/gtest.h>

#include "smtp/server/session.hpp"

namespace pb::smtp::server {
namespace {
class FixedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return Instant{Duration{1'800'000'000'000}}; }
};
class Counting final : public Random {
 public:
  std::uint64_t next() override { return ++value_; }

 private:
  std::uint64_t value_ = 0;
};

/// What a session under TLS says, word by word, to logins that are all refused.
class RefusedLogins {
 public:
  explicit RefusedLogins(std::size_t failures_max) {
    auto settings = std::make_shared<Settings>();
    settings->hostname = "mx.example.org";
    settings->role = Role::submission;
    settings->auth_offered = true;
    settings->mechanisms = {sasl::MechanismName::plain};
    settings->auth_failures_max = failures_max;
    SessionFacts facts;
    facts.role = Role::submission;
    facts.tls.active = true;
    session_.emplace(std::move(settings), std::move(facts), clock_, random_);
  }
  /// "delay", "hangup", or the first four characters of what is sent, in order.
  std::vector<std::string> say(std::string_view line) {
    std::vector<std::string> seen;
    for (bool reading = false; !reading;) {
      Step const step = session_->next(line);
      reading = std::holds_alternative<ReadMore>(step) || std::holds_alternative<Hangup>(step);
      if (std::holds_alternative<Ask>(step)) session_->on_verdict({});
      if (std::holds_alternative<AskAuth>(step)) session_->on_auth_answer(sasl::Denied{});
      if (std::holds_alternative<Delay>(step)) seen.emplace_back("delay");
      if (std::holds_alternative<Hangup>(step)) seen.emplace_back("hangup");
      if (auto const* send = std::get_if<Send>(&step)) seen.push_back(send->bytes.substr(0, 4));
    }
    return seen;
  }

 private:
  FixedClock clock_;
  Counting random_;
  std::optional<Session> session_;
};
using Seen = std::vector<std::string>;

TEST(RefusedLogin, waits_before_its_reply_and_not_after_it) {
  RefusedLogins client{3};
  client.say("");
  client.say("EHLO client.example\r\n");
  EXPECT_EQ(client.say("AUTH PLAIN AGEAYg==\r\n"), (Seen{"delay", "535 "}));
  EXPECT_EQ(client.say("NOOP\r\n"), (Seen{"250 "}));
  EXPECT_EQ(client.say("AUTH PLAIN AGEAYg==\r\n"), (Seen{"delay", "535 "}));
}

TEST(RefusedLogin, waits_before_the_session_is_closed_for_too_many) {
  RefusedLogins client{1};
  client.say("");
  client.say("EHLO client.example\r\n");
  EXPECT_EQ(client.say("AUTH PLAIN AGEAYg==\r\n"), (Seen{"delay", "421 ", "hangup"}));
}
}  // namespace
}  // namespace pb::smtp::server
