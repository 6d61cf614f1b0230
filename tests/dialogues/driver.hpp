// driver.hpp: drives one server Session with a scripted world: verdicts, accounts, store, TLS.
// Spec: smtp/server/session.hpp (the contract that runtime/ keeps too).
// Not here: reading dialogue files (dialogue.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "smtp/server/session.hpp"

namespace pb::dialogues {
namespace server = smtp::server;

class FixedClock final : public Clock {
 public:
  /// 2026-11-21T12:00:00Z
  [[nodiscard]] Instant now() const override { return Instant{std::chrono::seconds{1795262400}}; }
};

class SeededRandom final : public Random {
 public:
  std::uint64_t next() override;

 private:
  std::uint64_t state_ = 1;
};

/// At this stage (and for this address, when one is named) the judge says so.
struct Rule {
  server::Stage stage;
  std::string address;  // of the recipient or reverse-path; empty: any
  server::Verdict verdict;
};

struct World {
  server::Settings settings;
  server::SessionFacts facts;
  std::vector<Rule> rules;
  std::vector<std::pair<std::string, std::string>> accounts;  // user, password
  bool logins_unavailable = false;
  server::CommitResult commit = server::CommitResult::durable;
  server::SinkAnswer sink = server::SinkAnswer::ok;
  server::ProbeAnswer probe{server::ProbeResult::measured, {}};
  std::string early;  // what the client sends before it was greeted
};

struct Stored {
  server::ReceivedMessage message;
  std::string body;
  [[nodiscard]] std::string text() const;  // header section, empty line, body
};

class Driver {
 public:
  explicit Driver(World world);
  /// Hands over more input and executes steps until the session wants more, or ends.
  void feed(std::string_view bytes);
  void timeout();
  void close();
  void shutdown();
  /// What the session sent since the last call.
  std::string take_output() { return std::exchange(output_, {}); }
  [[nodiscard]] std::vector<Stored> const& stored() const { return stored_; }
  [[nodiscard]] std::optional<server::HangupReason> hangup() const { return hangup_; }
  [[nodiscard]] server::Session const& session() const { return session_; }
  [[nodiscard]] std::size_t asked(server::Stage stage) const;
  /// What was asked to be measured, "host:port", in order.
  [[nodiscard]] std::vector<std::string> const& probed() const { return probed_; }

 private:
  void run();
  void execute(server::Step const& step);
  [[nodiscard]] server::Verdict judge(server::Stage stage);
  [[nodiscard]] sasl::Answer authenticate(sasl::Question const& question) const;

  World world_;
  FixedClock clock_;
  SeededRandom random_;
  server::Session session_;
  std::string input_;
  std::string output_;
  std::string body_;
  std::vector<Stored> stored_;
  std::vector<server::Stage> asked_;
  std::vector<std::string> probed_;
  std::optional<server::HangupReason> hangup_;
  bool reading_ = false;
};
}  // namespace pb::dialogues
