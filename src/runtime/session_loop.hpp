// session_loop.hpp: carries out a session's Steps one after another. The daemon and the simulator
// share it; they differ in Effects.
// Spec: ARCHITECTURE.md "The types that carry it".        Tests: session_loop_test.cpp, sim/
// Not here: SMTP (smtp/server), sockets (smtp_connection), simulated ones (sim/).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/io_error.hpp"
#include "runtime/services.hpp"

namespace pb::runtime {
/// The world as one session meets it. Every wait has a deadline of its own.
class Effects {
 public:
  virtual ~Effects() = default;
  /// same_deadline: until the deadline that the last wait had, for the rest of one command.
  virtual asio::awaitable<std::expected<void, IoError>> wait_readable(Duration wait) = 0;
  static constexpr Duration same_deadline{0};
  /// `prefix` and what is there behind it; nothing new: just the prefix. Borrowed until the loop
  /// waits again.
  virtual std::expected<std::string_view, IoError> read_now(std::string_view prefix) = 0;
  /// As much as goes without waiting; gives how much that was.
  virtual std::expected<std::size_t, IoError> try_write(std::string_view bytes) = 0;
  virtual asio::awaitable<std::expected<void, IoError>> write(std::string bytes) = 0;
  virtual asio::awaitable<std::expected<smtp::server::TlsFacts, IoError>> start_tls() = 0;
  virtual asio::awaitable<std::expected<void, IoError>> delay(Duration time) = 0;
  /// Ends the wait that is going on or the next one with IoError::interrupted.
  virtual void interrupt() = 0;
  /// A message was committed or refused for good: its memory is free.
  virtual void message_done() = 0;
  virtual Services const& services() const = 0;
  /// The peer is another one now (start, PROXY, XCLIENT): count it. False: over its limit.
  virtual bool admit(smtp::server::PeerFacts const& peer) = 0;
  /// The process is about to use more memory than it may: nothing that needs more is begun.
  virtual bool memory_is_short() { return false; }
};

class SessionLoop {
 public:
  /// `effects` outlives the loop.
  SessionLoop(smtp::server::Session session, Effects& effects);

  /// Until the session hangs up or its connection breaks. `early` came before the greeting.
  asio::awaitable<smtp::server::HangupReason> run(std::string early);

  /// The server drains: the session ends (421) as soon as no transaction is open.
  void finish_soon();
  /// It ends at its next wait, whatever is open.
  void finish_now();

  [[nodiscard]] smtp::server::SessionFacts const& facts() const { return session_.facts(); }
  [[nodiscard]] std::uint32_t messages() const { return messages_; }

 private:
  enum class Shutdown : std::uint8_t { no, after_transaction, now };
  asio::awaitable<void> read_more(Duration wait);
  asio::awaitable<void> send_rest(std::string bytes);
  asio::awaitable<void> carry_out(smtp::server::Step step);
  asio::awaitable<void> ask(smtp::server::Stage stage);
  asio::awaitable<void> ask_auth(sasl::Question question);
  asio::awaitable<void> ask_probe(smtp::ProbeCommand target);
  asio::awaitable<void> start_tls();
  asio::awaitable<void> wait_out(Duration time);
  asio::awaitable<void> settle_body();
  asio::awaitable<void> commit();
  bool carry_out_now(smtp::server::Step& step);
  bool send_now(std::string& bytes);
  bool append_now(std::string_view bytes);
  void keep_input();
  void break_off(IoError error);
  void on_read_error(IoError error);
  void ensure_queue_id();
  void forget_refused_body();
  [[nodiscard]] bool transaction_open() const;
  [[nodiscard]] bool in_header() const;

  smtp::server::Session session_;
  Effects& effects_;
  std::string_view input_;  // not yet consumed: in kept_, or in what read_now() lent
  std::string kept_;
  std::unique_ptr<BodySink> sink_;
  std::optional<QueueId> queue_id_;
  std::optional<smtp::server::HangupReason> broken_;
  std::uint32_t messages_ = 0;
  Shutdown shutdown_ = Shutdown::no;
  bool waiting_for_input_ = false;
  bool command_began_ = false;  // nothing but reading was done since the last wait
};
}  // namespace pb::runtime
