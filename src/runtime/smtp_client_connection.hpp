// smtp_client_connection.hpp: turns a client session's Steps into socket calls and deadlines.
// Spec: ARCHITECTURE.md "The types that carry it".      Tests: delivery_agent_test.cpp
// Not here: SMTP (smtp/client), which host (delivery/), the pool (delivery_agent).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/route.hpp"
#include "queue/lease.hpp"
#include "runtime/connection.hpp"
#include "runtime/dialer.hpp"
#include "runtime/tls_context.hpp"
#include "runtime/tls_sessions.hpp"
#include "smtp/client/session.hpp"

namespace pb::runtime {
/// Where a transaction's content is read from: at most `octets_max` from `offset` on, at least one
/// octet, good until the next call; nullopt when our store failed.
using ReadContent =
    std::function<std::optional<std::string_view>(std::uint64_t offset, std::size_t octets_max)>;

struct ClientConnectionOptions {
  delivery::Hop hop;
  smtp::client::Settings session;  // ehlo_name, protocol, tls, credentials
  std::optional<IpAddress> source;
  Duration connect_wait = std::chrono::seconds{30};
  Duration tls_handshake_wait = limits::tls_handshake_wait;
  /// Further addresses of the same host: the first that connects is taken (RFC 8305).
  std::vector<Endpoint> further;
  /// Shorter than the waits of RFC 5321 §4.5.3.2, for a person who watches: everything before the
  /// first message together, and each step of a message.
  std::optional<Duration> setup_wait_max, transfer_wait_max;
  /// No wait is longer, whatever RFC 5321 §4.5.3.2 gives it ("SHOULD be easily reconfigurable").
  Duration wait_max = limits::data_termination_wait;
  TlsSessions* sessions = nullptr;  // shortens handshakes; null: each is a full one. Outlives us.
};

/// One connection to a next hop. All calls on one loop; one of them at a time.
class SmtpClientConnection {
 public:
  /// `tls` and `clock` outlive it; `shared_buffer` belongs to the core.
  SmtpClientConnection(ClientConnectionOptions options, ClientTls const& tls, Clock const& clock,
                       std::span<char> shared_buffer);
  ~SmtpClientConnection();
  SmtpClientConnection(SmtpClientConnection const&) = delete;
  SmtpClientConnection& operator=(SmtpClientConnection const&) = delete;

  /// Connects, when that has not been done, and hands one message over.
  asio::awaitable<smtp::client::Transcript> deliver(smtp::client::Transaction transaction,
                                                    ReadContent content);
  /// Connects and goes as far as a session can without a message: for probes. True: ready.
  asio::awaitable<bool> prepare();
  /// One command of an extension, behind prepare(); nullopt: the session ended without an answer.
  asio::awaitable<std::optional<smtp::client::RemoteReply>> ask(std::string command);
  /// Waits for as long as it may be kept; ends early by interrupt(). False: it is of no more use.
  asio::awaitable<bool> stay_idle(Duration keep);
  /// Ends stay_idle(): a message came for it.
  void interrupt();
  /// Ends whatever it does: an open transaction is cancelled unless its end of data is sent.
  void cancel();
  /// QUIT where one is due, then closes. Short.
  asio::awaitable<void> quit();

  [[nodiscard]] bool usable() const;
  [[nodiscard]] bool reused() const { return session_.transactions() > 0; }
  [[nodiscard]] smtp::client::Session const& session() const { return session_; }
  /// How the session ended, when it did.
  [[nodiscard]] std::optional<smtp::client::Closed> const& closed() const { return closed_; }
  [[nodiscard]] delivery::Hop const& hop() const { return options_.hop; }
  /// What was said since the last call, with times: for the journal.
  [[nodiscard]] queue::Transcript take_transcript();

 private:
  asio::awaitable<bool> connect();
  [[nodiscard]] Duration capped(Duration wait) const;
  asio::awaitable<void> handshake();
  [[nodiscard]] std::string session_key() const;
  [[nodiscard]] smtp::client::TlsAnswer tls_answer();
  asio::awaitable<std::optional<smtp::client::Step>> drive(ReadContent const& content);
  asio::awaitable<void> send(smtp::client::Send send);
  asio::awaitable<void> read(Duration wait);
  void note_dialogue();

  ClientConnectionOptions options_;
  ClientTls const& tls_;
  Clock const& clock_;
  std::span<char> shared_buffer_;
  smtp::client::Session session_;
  std::unique_ptr<Connection> connection_;
  std::string input_;  // read, and not taken by the session yet
  queue::Transcript said_;
  Instant const began_;
  std::optional<smtp::client::Closed> closed_;
  bool ended_ = false;
  bool cancelled_ = false;
};
}  // namespace pb::runtime
