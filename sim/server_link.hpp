// server_link.hpp: carries out the Steps of one SMTP server session of the simulated node.
// Spec: smtp/server/step.hpp; the daemon's own loop is runtime/session_loop (split_sessions_test).
// Not here: what becomes of messages (node.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sim/checkers/checker.hpp"
#include "sim/wire.hpp"
#include "smtp/server/session.hpp"

namespace pb::sim {
class Node;

/// Who connects, and where.
struct Caller {
  smtp::server::Role role = smtp::server::Role::relay;
  bool trusted = false;
  [[nodiscard]] bool stranger() const { return role == smtp::server::Role::relay && !trusted; }
};

class ServerLink final : public Party, public std::enable_shared_from_this<ServerLink> {
 public:
  ServerLink(Node& node, std::shared_ptr<Wire> wire, Caller caller);
  ~ServerLink() override { wire_->attach(Side::server, nullptr); }
  void start();
  /// The server drains: 421 as soon as no transaction is open.
  void finish_soon();
  /// The process is no more.
  void abandon();
  [[nodiscard]] bool over() const { return over_; }

  void on_bytes(std::string_view bytes) override;
  void on_gone() override;
  void on_handshake(Handshake result) override;

 private:
  void pump();
  bool carry_out(smtp::server::Step& step);
  bool ask(smtp::server::Stage stage);
  void send(std::string bytes);
  void append(std::string_view bytes);
  void commit();
  void ensure_id();
  void hang_up(smtp::server::HangupReason reason);
  void wait(Duration time);
  void watch();
  [[nodiscard]] bool transaction_open() const;
  [[nodiscard]] smtp::server::Verdict verdict(smtp::server::Stage stage) const;
  void resume_after(Duration wait);

  Node& node_;
  std::shared_ptr<Wire> wire_;
  Caller caller_;
  smtp::server::Session session_;
  std::string input_;
  std::size_t consumed_ = 0;
  std::string body_;
  std::optional<QueueId> id_;
  std::optional<Instant> deadline_;
  SessionSummary summary_;
  Instant began_;
  bool watched_ = false, pumping_ = false, over_ = false, waiting_ = false;
  bool command_began_ = false, finishing_ = false, gone_ = false, reading_ = false;
  bool no_space_ = false;
};
}  // namespace pb::sim
