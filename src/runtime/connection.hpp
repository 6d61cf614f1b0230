// connection.hpp: one TCP connection, maybe under TLS, with one deadline. Server or client.
// Spec: ARCHITECTURE.md decisions 5 and 6.                            Tests: connection_test.cpp
// Not here: SMTP (smtp/), connecting (dialer), accepting (listener).
//
// All calls on the loop of the socket's executor. One wait at a time. Idle, it owns no read buffer:
// it waits for the socket and then reads into the buffer that all connections of a core share.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "runtime/deadline.hpp"
#include "runtime/io_error.hpp"
#include "runtime/tls_stream.hpp"

namespace pb::runtime {
namespace asio = boost::asio;
using Socket = asio::ip::tcp::socket;

class Connection {
 public:
  /// `shared_buffer` belongs to the core; at least 32 KiB.
  Connection(Socket socket, std::span<char> shared_buffer);
  ~Connection();
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;

  /// From now on; every wait below ends with IoError::timeout when it passes. Cheap to call often.
  void deadline(Duration wait);
  /// Ends the wait that is going on, or the next one, with IoError::interrupted. Once a call.
  void interrupt();

  /// Lets time pass. Ends early only by interrupt().
  asio::awaitable<std::expected<void, IoError>> pause(Duration time);
  asio::awaitable<std::expected<void, IoError>> wait_readable();
  /// What is there now, behind a copy of `prefix` (which must not lie in the buffer beyond its
  /// front): empty when nothing new is there. Borrowed until anyone on this core reads or waits.
  std::expected<std::string_view, IoError> read_now(std::string_view prefix = {});
  /// wait_readable and read_now until at least one octet has come.
  asio::awaitable<std::expected<std::string_view, IoError>> read_more();

  /// Takes what the socket takes without waiting; gives how much that was.
  std::expected<std::size_t, IoError> try_write(std::string_view bytes);
  /// All of it; `bytes` must live until it returns.
  asio::awaitable<std::expected<void, IoError>> write(std::string_view bytes);

  /// The handshake, within the deadline. On IoError::tls, tls_error() says what happened.
  asio::awaitable<std::expected<void, IoError>> start_tls(TlsStream stream);
  [[nodiscard]] TlsStream* tls() { return tls_ ? &*tls_ : nullptr; }
  [[nodiscard]] std::string const& tls_error() const { return tls_error_; }

  /// Waits until `octets` are there to be looked at, or the deadline; consumes nothing. Gives what
  /// is there (at most the buffer), which may be less only with timeout or closed. Not under TLS.
  asio::awaitable<std::expected<std::string_view, IoError>> peek(std::size_t octets);
  /// What is there to be looked at now; maybe nothing.
  std::expected<std::string_view, IoError> peek_now();
  /// Consumes octets that were peeked at.
  void discard(std::size_t octets);

  /// close_notify under TLS, then FIN, then what the peer still sends is read away without
  /// waiting, so that our last words are not destroyed by a reset. Idempotent.
  void close();

  [[nodiscard]] int descriptor();
  [[nodiscard]] Socket& socket() { return socket_; }

 private:
  asio::awaitable<std::expected<void, IoError>> wait(Socket::wait_type type);
  std::expected<std::size_t, IoError> receive(std::span<char> into, int flags);
  std::expected<std::size_t, IoError> receive_tls(std::span<char> into);

  Socket socket_;
  std::span<char> shared_buffer_;
  std::optional<TlsStream> tls_;
  std::string tls_error_;
  std::shared_ptr<Deadline> deadline_;   // shared with its own completion, which may outlive us
  asio::steady_timer* pause_ = nullptr;  // of the pause() that is going on
  bool more_likely_ = false;  // the last read filled the buffer: read again before waiting
  bool interrupted_ = false;
  bool closed_ = false;
};
}  // namespace pb::runtime
