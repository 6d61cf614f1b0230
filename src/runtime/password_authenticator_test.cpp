// password_authenticator_test.cpp: logins against a small directory, in simulated time.
// Spec: docs/threat-model.md; RFC 4954 §6.                     Not here: the SASL messages
// (sasl/server_test).
#include "runtime/password_authenticator.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>

#include "accounts/password.hpp"

namespace pb::runtime {
namespace {
using namespace std::chrono_literals;
using smtp::server::SessionFacts;

class FixedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return at; }
  Instant at{Duration{1'800'000'000'000}};
};
class Counting final : public Random {
 public:
  std::uint64_t next() override { return ++value_ * 0x9E3779B97F4A7C15ULL; }

 private:
  std::uint64_t value_ = 0;
};
class Lines final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::span<LogField const> fields) override {
    all.emplace_back(event);
    for (LogField const& field : fields) all.back() += " " + field.value;
  }
  std::vector<std::string> all;
};

class PasswordAuthenticatorTest : public testing::Test {
 protected:
  static std::shared_ptr<accounts::Directory const> directory_of(accounts::Account account) {
    accounts::DomainRules rules;
    rules.name = "example.org";
    return std::make_shared<accounts::Directory const>(std::vector{std::move(account)},
                                                       std::vector{rules}, "mx.example.org");
  }
  static accounts::Account ada(std::string_view password = "pencil") {
    Counting random;
    auto made = accounts::make_credentials(password, accounts::Scram::with, random).value();
    accounts::Account account;
    account.name = "ada@example.org";
    account.aliases = {"countess@example.org"};
    account.password_hash = std::move(made.password_hash);
    account.scram = std::move(made.scram);
    return account;
  }
  static SessionFacts session(std::uint64_t id, std::string_view address = "203.0.113.5") {
    SessionFacts facts;
    facts.session = {id};
    facts.peer.peer.address = IpAddress::parse(address).value();
    facts.tls.active = true;
    return facts;
  }
  static asio::awaitable<void> ask(PasswordAuthenticator& who, sasl::Question question,
                                   SessionFacts const& facts, sasl::Answer& answer) {
    answer = co_await who.answer(std::move(question), facts);
  }
  sasl::Answer answer(sasl::Question question, SessionFacts const& facts) {
    asio::io_context loop;
    sasl::Answer given;
    asio::co_spawn(loop, ask(authenticator, std::move(question), facts, given), asio::detached);
    loop.run();
    return given;
  }
  bool granted(std::string user, std::string password, SessionFacts const& facts) {
    auto const given = answer(sasl::PasswordCheck{std::move(user), std::move(password)}, facts);
    auto const* const yes = std::get_if<sasl::Granted>(&given);
    EXPECT_TRUE(yes == nullptr || yes->account == "ada@example.org");
    return yes != nullptr;
  }

  FixedClock clock;
  Counting random;
  Lines log;
  std::shared_ptr<DirectorySnapshot> snapshot =
      std::make_shared<DirectorySnapshot>(directory_of(ada()));
  std::shared_ptr<Argon2Pool> pool = std::make_shared<Argon2Pool>();
  PasswordAuthenticator authenticator{snapshot, pool, clock, random, log};
};

TEST_F(PasswordAuthenticatorTest, lets_in_by_name_and_alias_with_the_right_password_only) {
  EXPECT_TRUE(granted("ada@example.org", "pencil", session(1)));
  EXPECT_TRUE(granted("Countess@example.org", "pencil", session(2)));
  EXPECT_FALSE(granted("ada@example.org", "pencil ", session(3)));
  EXPECT_FALSE(granted("nobody@example.org", "pencil", session(4)));
  for (std::string const& line : log.all) {
    EXPECT_EQ(line.find("pencil"), std::string::npos) << "a password in the log";
  }
}

TEST_F(PasswordAuthenticatorTest, delays_the_reply_to_a_failed_login_once) {
  EXPECT_FALSE(granted("ada@example.org", "wrong", session(1)));
  EXPECT_EQ(authenticator.failure_delay(session(1)), 500ms);
  EXPECT_EQ(authenticator.failure_delay(session(1)), 0ms);
  EXPECT_FALSE(granted("nobody@example.org", "wrong", session(1)));
  EXPECT_EQ(authenticator.failure_delay(session(1)), 1000ms);
  EXPECT_EQ(authenticator.failure_delay(session(2)), 0ms);
}

TEST_F(PasswordAuthenticatorTest, answers_later_to_a_network_that_guesses_but_not_to_a_known_one) {
  SessionFacts const home = session(1, "192.0.2.1");
  EXPECT_TRUE(granted("ada@example.org", "pencil", home));
  for (std::uint64_t i = 0; i < 60; ++i) {
    static_cast<void>(answer(sasl::ExternalCheck{"nobody", ""}, session(100 + i, "203.0.113.5")));
    static_cast<void>(answer(sasl::ExternalCheck{"nobody", ""}, session(100 + i, "192.0.2.1")));
  }
  auto const stranger =
      answer(sasl::PasswordCheck{"ada@example.org", "pencil"}, session(2, "203.0.113.5"));
  EXPECT_TRUE(std::holds_alternative<sasl::Unavailable>(stranger));
  EXPECT_TRUE(granted("ada@example.org", "pencil", home));
}

TEST_F(PasswordAuthenticatorTest, forgets_what_it_verified_when_the_password_changes) {
  EXPECT_TRUE(granted("ada@example.org", "pencil", session(1)));
  EXPECT_TRUE(granted("ada@example.org", "pencil", session(1)));
  accounts::Account changed = ada("eraser");
  changed.credential_version = 2;
  snapshot->set(directory_of(changed));
  EXPECT_FALSE(granted("ada@example.org", "pencil", session(1)));
  EXPECT_TRUE(granted("ada@example.org", "eraser", session(1)));
  authenticator.forget("ada@example.org");
  EXPECT_TRUE(granted("ada@example.org", "eraser", session(1)));
}

TEST_F(PasswordAuthenticatorTest, remembers_a_right_password_so_that_the_next_login_costs_nothing) {
  EXPECT_TRUE(granted("ada@example.org", "pencil", session(1)));
  // With the pool's threads busy and its line full, only the cache can answer.
  std::promise<void> gate;
  std::shared_future<void> const open = gate.get_future().share();
  asio::io_context loop;
  std::vector<std::optional<bool>> answers;
  auto const block = [](Argon2Pool& at, std::shared_future<void> until) -> asio::awaitable<void> {
    static_cast<void>(co_await at.run([until] {
      until.wait();
      return true;
    }));
  };
  for (int i = 0; i < 80; ++i) asio::co_spawn(loop, block(*pool, open), asio::detached);
  loop.poll();
  EXPECT_TRUE(granted("ada@example.org", "pencil", session(1)));
  auto const other = answer(sasl::PasswordCheck{"ada@example.org", "other"}, session(1));
  EXPECT_TRUE(std::holds_alternative<sasl::Unavailable>(other));
  clock.at += 5min;
  auto const late = answer(sasl::PasswordCheck{"ada@example.org", "pencil"}, session(1));
  EXPECT_TRUE(std::holds_alternative<sasl::Unavailable>(late));
  gate.set_value();
  loop.run();
}

TEST_F(PasswordAuthenticatorTest, gives_unknown_users_stable_scram_keys_of_the_same_shape) {
  auto const keys = [&](std::string user) {
    return std::get<sasl::ScramFound>(answer(sasl::ScramLookup{std::move(user)}, session(1)));
  };
  auto const real = keys("ada@example.org");
  auto const fake = keys("nobody@example.org");
  EXPECT_TRUE(real.usable);
  EXPECT_FALSE(fake.usable);
  EXPECT_EQ(fake.keys.salt, keys("Nobody@example.org").keys.salt);
  EXPECT_EQ(fake.keys.salt.size(), real.keys.salt.size());
  EXPECT_EQ(fake.keys.iterations, real.keys.iterations);
}

TEST_F(PasswordAuthenticatorTest, learns_how_a_scram_exchange_ended) {
  SessionFacts facts = session(1);
  static_cast<void>(answer(sasl::ScramLookup{"ada@example.org"}, facts));
  EXPECT_EQ(authenticator.failure_delay(facts), 500ms);  // its proof was wrong
  EXPECT_EQ(log.all.back(), "login-failed 1 203.0.113.5 ada@example.org wrong password");
  static_cast<void>(answer(sasl::ScramLookup{"ada@example.org"}, facts));
  facts.account = "ada@example.org";
  authenticator.logged_in(facts);
  EXPECT_TRUE(log.all.back().starts_with("login "));
  EXPECT_EQ(authenticator.failure_delay(facts), 0ms);
}

TEST_F(PasswordAuthenticatorTest, takes_a_certificate_only_for_its_own_account) {
  EXPECT_TRUE(std::holds_alternative<sasl::Granted>(
      answer(sasl::ExternalCheck{"ada@example.org", ""}, session(1))));
  EXPECT_TRUE(std::holds_alternative<sasl::Granted>(
      answer(sasl::ExternalCheck{"ada@example.org", "countess@example.org"}, session(1))));
  EXPECT_TRUE(std::holds_alternative<sasl::Denied>(
      answer(sasl::ExternalCheck{"ada@example.org", "nobody"}, session(1))));
  EXPECT_TRUE(std::holds_alternative<sasl::Denied>(
      answer(sasl::ExternalCheck{"eve@example.org", ""}, session(1))));
}

TEST_F(PasswordAuthenticatorTest, lets_nobody_in_whose_account_is_disabled) {
  accounts::Account gone = ada();
  gone.disabled = true;
  snapshot->set(directory_of(gone));
  EXPECT_FALSE(granted("ada@example.org", "pencil", session(1)));
  EXPECT_FALSE(
      std::get<sasl::ScramFound>(answer(sasl::ScramLookup{"ada@example.org"}, session(1))).usable);
  EXPECT_TRUE(std::holds_alternative<sasl::Denied>(
      answer(sasl::ExternalCheck{"ada@example.org", ""}, session(1))));
}

TEST_F(PasswordAuthenticatorTest, takes_every_password_in_the_sandbox_and_says_so) {
  SessionFacts facts = session(1);
  facts.sandbox = true;
  facts.tls.active = false;
  auto const given = answer(sasl::PasswordCheck{"anybody", "anything"}, facts);
  EXPECT_EQ(std::get<sasl::Granted>(given).account, "anybody");
  EXPECT_NE(log.all.back().find("a real server wants TLS first"), std::string::npos);
  EXPECT_EQ(log.all.back().find("anything"), std::string::npos);
}
}  // namespace
}  // namespace pb::runtime
