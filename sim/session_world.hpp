// session_world.hpp: one session's world from a seed: a peer whose bytes arrive in pieces, sockets
// that take part of a reply, services that answer at once or later, a store that can fail.
// Spec: runtime/session_loop.hpp (Effects), runtime/services.hpp.        Not here: scenarios.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/session_loop.hpp"
#include "sim/seeded.hpp"

namespace pb::sim {
namespace asio = boost::asio;
using runtime::IoError;

/// What the peer does: each turn is sent when the server wants input and has used up the one
/// before.
struct Script {
  std::vector<std::string> turns;
  smtp::server::Role role = smtp::server::Role::relay;
  bool falls_silent = false;  // after the last turn; else it closes
};

/// How the world behaves; all false and no cut: everything at once and whole.
struct Weather {
  std::optional<std::size_t> cut;  // the peer's bytes arrive in two pieces, counted over all turns
  bool pieces = false;             // in pieces of random size
  bool slow_services = false;      // answers come later, or at once
  bool short_writes = false;       // the socket takes part of a reply, or nothing
  std::set<std::size_t> failed_commits = {};  // by number, from 0
};

struct Outcome {
  std::string transcript;  // all that the server sent
  smtp::server::HangupReason end{};
  struct Stored {
    std::string header;
    std::string body;
    std::size_t recipients = 0;
    friend bool operator==(Stored const&, Stored const&) = default;
  };
  std::vector<Stored> durable;     // in the store when all is over
  std::size_t bodies_dropped = 0;  // sinks that were opened and given up
  std::size_t bodies_open = 0;     // still there when all is over: a leak
  Duration took{};
};

class World final : private runtime::Effects,
                    private runtime::Judge,
                    private runtime::Authenticator,
                    private runtime::Intake {
 public:
  World(Script script, Weather weather, std::uint64_t seed);
  /// Runs the session to its end, in simulated time.
  Outcome run();

 private:
  class Sink;
  asio::awaitable<void> maybe_later();
  void feed();

  // Effects
  asio::awaitable<std::expected<void, IoError>> wait_readable(Duration wait) override;
  std::expected<std::string_view, IoError> read_now(std::string_view prefix) override;
  std::expected<std::size_t, IoError> try_write(std::string_view bytes) override;
  asio::awaitable<std::expected<void, IoError>> write(std::string bytes) override;
  asio::awaitable<std::expected<smtp::server::TlsFacts, IoError>> start_tls() override;
  asio::awaitable<std::expected<void, IoError>> delay(Duration time) override;
  void interrupt() override {}
  void message_done() override {}
  runtime::Services const& services() const override { return services_; }
  bool admit(smtp::server::PeerFacts const&) override { return true; }

  // Services
  smtp::server::PeerFacts classify(smtp::server::PeerFacts peer) const override { return peer; }
  asio::awaitable<smtp::server::Verdict> judge(smtp::server::Stage stage,
                                               smtp::server::SessionFacts const& facts) override;
  asio::awaitable<sasl::Answer> answer(sasl::Question question,
                                       smtp::server::SessionFacts const& facts) override;
  Duration failure_delay(smtp::server::SessionFacts const&) override { return Duration{1000}; }
  /// Counted, so that a reply that names it is the same in any weather.
  QueueId make_id() override { return QueueId{++ids_}; }
  std::unique_ptr<runtime::BodySink> open_body(QueueId id) override;
  asio::awaitable<smtp::server::CommitAnswer> commit(runtime::AcceptedMessage message) override;

  Script script_;
  Weather weather_;
  SimRandom random_;
  SimClock clock_;
  asio::io_context context_{1};
  runtime::Services services_;
  std::string lent_;                // what read_now() gave out last
  std::string waiting_;             // sent by the peer, not yet read
  std::vector<std::string> turns_;  // not yet sent, last first
  std::size_t read_octets_ = 0;
  std::size_t commits_ = 0;
  std::uint64_t ids_ = 0;
  Outcome outcome_;
};
}  // namespace pb::sim
