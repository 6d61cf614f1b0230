// smtp_connection.hpp: one accepted socket from PROXY header to close: who it is, TLS or greeting
// first, then the session's steps as Asio calls and deadlines. Knows no SMTP.
// Spec: ARCHITECTURE.md decisions 5 and 6.                     Tests: server_test.cpp
// Not here: the order of steps (session_loop), when to wait for TLS (policy/security_choice).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "runtime/connection.hpp"
#include "runtime/core.hpp"
#include "runtime/server_shared.hpp"
#include "runtime/session_loop.hpp"

namespace pb::runtime {
/// A socket fresh from accept(), with what was counted for it.
struct AcceptedSocket {
  int descriptor = -1;
  Endpoint peer;
  Endpoint local;
  std::shared_ptr<Generation const> generation;
  std::size_t listener = 0;        // index into its settings
  std::optional<Network> counted;  // entered into ServerShared::counts
};

class SmtpConnection final : private Effects, private Drainable {
 public:
  /// Takes the descriptor over and serves it on `core`, whose thread calls this.
  static void spawn(AcceptedSocket accepted, Core& core, ServerShared& shared);
  SmtpConnection(AcceptedSocket accepted, Core& core, ServerShared& shared, Socket socket);
  ~SmtpConnection() override;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  asio::awaitable<bool> open();
  asio::awaitable<bool> take_proxy_header();
  policy::Opening opening();
  asio::awaitable<std::expected<policy::FirstBytes, IoError>> first_bytes();
  asio::awaitable<std::expected<policy::FirstBytes, IoError>> first_bytes(Duration wait);
  asio::awaitable<bool> choose_security();
  asio::awaitable<std::expected<smtp::server::TlsFacts, IoError>> handshake();
  static asio::awaitable<void> serve(std::unique_ptr<SmtpConnection> self);
  void start_session();
  std::string early_input();
  void refuse(smtp::Reply const& reply);
  std::expected<std::string_view, IoError> read_first(std::string_view prefix);
  void note_first_input(std::string_view bytes);
  void close();
  void log_setting(policy::SettingAdvice advice);
  void log_line(LogLevel level, std::string_view event, std::string_view why);
  void log_end(smtp::server::HangupReason reason);

  // Effects
  asio::awaitable<std::expected<void, IoError>> wait_readable(Duration wait) override;
  std::expected<std::string_view, IoError> read_now(std::string_view prefix) override;
  std::expected<std::size_t, IoError> try_write(std::string_view bytes) override;
  asio::awaitable<std::expected<void, IoError>> write(std::string bytes) override;
  asio::awaitable<std::expected<smtp::server::TlsFacts, IoError>> start_tls() override;
  asio::awaitable<std::expected<void, IoError>> delay(Duration time) override;
  void interrupt() override;
  void message_done() override;
  bool memory_is_short() override;
  Services const& services() const override { return accepted_.generation->settings->services; }
  bool admit(smtp::server::PeerFacts const& peer) override;

  // Drainable
  void finish_soon() override;
  void finish_now() override;
  void cut() override;

  [[nodiscard]] ListenerSettings const& listener() const;
  [[nodiscard]] std::string label() const;
  [[nodiscard]] LimitSettings const& limits() const;
  [[nodiscard]] policy::ListenerKind kind() const;
  [[nodiscard]] Duration since_accept() const;

  AcceptedSocket accepted_;
  Core& core_;
  ServerShared& shared_;
  Connection connection_;
  SessionId id_;
  smtp::server::PeerFacts peer_;
  smtp::server::TlsFacts implicit_tls_;  // until the session has it
  std::optional<SessionLoop> loop_;
  SteadyTime accepted_at_;
  bool watched_ = false;  // in ServerShared::greeted: a ClientHello may come behind our greeting
};
}  // namespace pb::runtime
