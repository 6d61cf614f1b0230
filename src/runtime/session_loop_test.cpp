// session_loop_test.cpp: how long a session waits for what is still missing of a command.
// Spec: RFC 5321 §4.5.3.2.7 (the server's timeout is for the next command, not for its next octet).
#include "runtime/session_loop.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <deque>

#include "smtp/server/session.hpp"

namespace pb::runtime {
namespace {
using smtp::server::HangupReason;

class AcceptingJudge final : public Judge {
 public:
  [[nodiscard]] smtp::server::PeerFacts classify(smtp::server::PeerFacts peer) const override {
    return peer;
  }
  asio::awaitable<smtp::server::Verdict> judge(smtp::server::Stage,
                                               smtp::server::SessionFacts const&) override {
    co_return smtp::server::Verdict{smtp::server::Action::accept, {}, "test"};
  }
};
class NoAuthenticator final : public Authenticator {
 public:
  asio::awaitable<sasl::Answer> answer(sasl::Question, smtp::server::SessionFacts const&) override {
    co_return sasl::Answer{};
  }
  Duration failure_delay(smtp::server::SessionFacts const&) override { return Duration{0}; }
};

/// A connection on which each read gives the next piece; behind the last one it is closed.
class Pieces final : public Effects {
 public:
  explicit Pieces(std::deque<std::string> pieces) : pieces_{std::move(pieces)} {
    services_.judge = std::make_shared<AcceptingJudge>();
    services_.authenticator = std::make_shared<NoAuthenticator>();
  }
  std::vector<Duration> waits;

  asio::awaitable<std::expected<void, IoError>> wait_readable(Duration wait) override {
    waits.push_back(wait);
    co_return std::expected<void, IoError>{};
  }
  std::expected<std::string_view, IoError> read_now(std::string_view prefix) override {
    if (pieces_.empty()) return std::unexpected{IoError::closed};
    std::string next{prefix};
    next += pieces_.front();
    pieces_.pop_front();
    buffer_ = std::move(next);
    return buffer_;
  }
  std::expected<std::size_t, IoError> try_write(std::string_view bytes) override {
    return bytes.size();
  }
  asio::awaitable<std::expected<void, IoError>> write(std::string) override {
    co_return std::expected<void, IoError>{};
  }
  asio::awaitable<std::expected<smtp::server::TlsFacts, IoError>> start_tls() override {
    co_return std::unexpected{IoError::tls};
  }
  asio::awaitable<std::expected<void, IoError>> delay(Duration) override {
    co_return std::expected<void, IoError>{};
  }
  void interrupt() override {}
  void message_done() override {}
  [[nodiscard]] Services const& services() const override { return services_; }
  bool admit(smtp::server::PeerFacts const&) override { return true; }

 private:
  std::deque<std::string> pieces_;
  std::string buffer_;
  Services services_;
};

struct StillClock final : Clock {
  [[nodiscard]] Instant now() const override { return Instant{std::chrono::days{20'000}}; }
};
class CountingRandom final : public Random {
 public:
  std::uint64_t next() override { return ++count_; }

 private:
  std::uint64_t count_ = 0;
};

std::vector<Duration> waits_of(std::deque<std::string> pieces) {
  Pieces connection{std::move(pieces)};
  auto settings = std::make_shared<smtp::server::Settings>();
  settings->hostname = "mx.example";
  settings->idle_wait = std::chrono::minutes{5};
  StillClock clock;
  CountingRandom random;
  smtp::server::Session session{settings, {}, clock, random};
  SessionLoop loop{std::move(session), connection};
  asio::io_context context;
  auto ended = asio::co_spawn(context, loop.run(""), asio::use_future);
  context.run();
  EXPECT_EQ(ended.get(), HangupReason::end_of_input);
  return connection.waits;
}

TEST(SessionLoop, waits_anew_for_each_command) {
  Duration const whole = std::chrono::minutes{5};
  EXPECT_EQ(waits_of({"NOOP\r\n", "NOOP\r\n"}), (std::vector{whole, whole, whole}));
}

TEST(SessionLoop, an_octet_now_and_then_does_not_make_it_wait_longer) {
  Duration const whole = std::chrono::minutes{5};
  Duration const same = Effects::same_deadline;
  EXPECT_EQ(waits_of({"N", "O", "OP\r\nNO", "OP\r\n"}),
            (std::vector{whole, same, same, whole, whole}));
}
}  // namespace
}  // namespace pb::runtime
