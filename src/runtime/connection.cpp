// connection.cpp: waits for a socket under one lazily re-armed timer; reads and writes, maybe by
// TLS. Spec: ARCHITECTURE.md decisions 5 and 6.                   Not here: what the bytes mean.
#include "runtime/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.hpp"

namespace pb::runtime {
namespace {
constexpr std::size_t shared_buffer_octets_min = 32 * 1024;
constexpr std::size_t tls_record_octets = 16 * 1024;  // RFC 8446 §5.1: 2^14

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }
/// SO_RCVLOWAT while it lives.
struct LowWaterMark {
  LowWaterMark(int descriptor_in, std::size_t octets) : descriptor{descriptor_in} {
    set(static_cast<int>(octets));
  }
  ~LowWaterMark() { set(1); }
  LowWaterMark(LowWaterMark const&) = delete;
  LowWaterMark& operator=(LowWaterMark const&) = delete;
  void set(int octets) const {
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVLOWAT, &octets, sizeof octets);
  }
  int descriptor;
};

bool peer_has_ended(int descriptor) {
  pollfd state{descriptor, POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
}  // namespace

Connection::Connection(Socket socket, std::span<char> shared_buffer)
    : socket_{std::move(socket)},
      shared_buffer_{shared_buffer},
      deadline_{std::make_shared<Deadline>(socket_)} {
  PB_CHECK(shared_buffer_.size() >= shared_buffer_octets_min);
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
}

Connection::~Connection() {
  close();
  deadline_->detach();
}

void Connection::deadline(Duration wait) { deadline_->set(wait); }

void Connection::interrupt() {
  interrupted_ = true;
  boost::system::error_code ignored;
  if (deadline_->waiting()) socket_.cancel(ignored);
  if (pause_ != nullptr) pause_->cancel();
}

asio::awaitable<std::expected<void, IoError>> Connection::wait(Socket::wait_type type) {
  if (std::exchange(interrupted_, false)) co_return std::unexpected{IoError::interrupted};
  if (closed_) co_return std::unexpected{IoError::reset};
  // What OpenSSL holds decrypted makes no socket readable.
  bool at_hand = more_likely_ || (tls_ && tls_->pending() > 0);
  if (type == Socket::wait_read && at_hand) co_return std::expected<void, IoError>{};
  deadline_->begin_wait();
  auto [error] = co_await socket_.async_wait(type, asio::as_tuple(asio::use_awaitable));
  deadline_->end_wait();
  if (std::exchange(interrupted_, false)) co_return std::unexpected{IoError::interrupted};
  if (deadline_->passed()) co_return std::unexpected{IoError::timeout};
  if (error) co_return std::unexpected{IoError::reset};
  co_return std::expected<void, IoError>{};
}

asio::awaitable<std::expected<void, IoError>> Connection::pause(Duration time) {
  asio::steady_timer timer{socket_.get_executor(), time};
  pause_ = &timer;
  if (!interrupted_) co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  pause_ = nullptr;
  if (std::exchange(interrupted_, false)) co_return std::unexpected{IoError::interrupted};
  co_return std::expected<void, IoError>{};
}

asio::awaitable<std::expected<void, IoError>> Connection::wait_readable() {
  return wait(Socket::wait_read);  // no coroutine of its own: an idle session pays for each frame
}

std::expected<std::size_t, IoError> Connection::receive(std::span<char> into, int flags) {
  ssize_t got = ::recv(descriptor(), into.data(), into.size(), flags);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got == 0) return std::unexpected{IoError::closed};
  if (would_block(errno)) return std::size_t{0};
  return std::unexpected{IoError::reset};
}

std::expected<std::size_t, IoError> Connection::receive_tls(std::span<char> into) {
  std::size_t filled = 0;
  while (into.size() - filled >= tls_record_octets) {
    TlsProgress progress = tls_->read(into.subspan(filled));
    filled += progress.octets;
    bool bulk = progress.octets >= tls_record_octets / 2;
    if (progress.state == TlsState::done && (bulk || tls_->pending() > 0)) continue;
    // What came before the end is handed out first; the next call meets the end again.
    if (filled > 0 || progress.state == TlsState::want_read) break;
    if (progress.state == TlsState::closed) return std::unexpected{IoError::closed};
    if (progress.state == TlsState::failed) {
      tls_error_ = tls_->error_text();
      return std::unexpected{IoError::tls};
    }
    break;  // want_write: a key update that the socket does not take now; it goes with a reply
  }
  return filled;
}

std::expected<std::string_view, IoError> Connection::read_now(std::string_view prefix) {
  PB_CHECK(prefix.size() <= shared_buffer_.size() / 2);
  if (closed_) return std::unexpected{IoError::closed};
  if (!prefix.empty()) std::memmove(shared_buffer_.data(), prefix.data(), prefix.size());
  std::span<char> room = shared_buffer_.subspan(prefix.size());
  auto got = tls_ ? receive_tls(room) : receive(room, 0);
  if (!got) return std::unexpected{got.error()};
  more_likely_ = *got + tls_record_octets > room.size();
  return std::string_view{shared_buffer_.data(), prefix.size() + *got};
}

asio::awaitable<std::expected<std::string_view, IoError>> Connection::read_more() {
  for (;;) {
    auto readable = co_await wait_readable();
    if (!readable) co_return std::unexpected{readable.error()};
    auto got = read_now();
    if (!got || !got->empty()) co_return got;
  }
}

std::expected<std::size_t, IoError> Connection::try_write(std::string_view bytes) {
  if (closed_) return std::unexpected{IoError::reset};
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    std::string_view rest = bytes.substr(taken);
    if (tls_) {
      TlsProgress progress = tls_->write(rest);
      if (progress.state == TlsState::closed) return std::unexpected{IoError::reset};
      if (progress.state == TlsState::failed) return std::unexpected{IoError::tls};
      if (progress.state != TlsState::done) break;
      taken += progress.octets;
      continue;
    }
    ssize_t sent = ::send(descriptor(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && would_block(errno)) break;
    if (sent < 0) return std::unexpected{IoError::reset};
    taken += static_cast<std::size_t>(sent);
  }
  return taken;
}

asio::awaitable<std::expected<void, IoError>> Connection::write(std::string_view bytes) {
  for (;;) {
    auto taken = try_write(bytes);
    if (!taken) co_return std::unexpected{taken.error()};
    bytes.remove_prefix(*taken);
    if (bytes.empty()) co_return std::expected<void, IoError>{};
    auto writable = co_await wait(Socket::wait_write);
    if (!writable) co_return writable;
  }
}

asio::awaitable<std::expected<void, IoError>> Connection::start_tls(TlsStream stream) {
  PB_CHECK(!tls_);
  for (;;) {
    TlsProgress progress = stream.handshake();
    switch (progress.state) {
      case TlsState::done:
        more_likely_ = false;
        tls_.emplace(std::move(stream));
        co_return std::expected<void, IoError>{};
      case TlsState::closed:
        tls_error_ = stream.error_text();
        co_return std::unexpected{IoError::closed};
      case TlsState::failed:
        tls_error_ = stream.error_text();
        co_return std::unexpected{IoError::tls};
      case TlsState::want_read:
      case TlsState::want_write:
        break;
    }
    bool read = progress.state == TlsState::want_read;
    auto waited = co_await wait(read ? Socket::wait_read : Socket::wait_write);
    if (!waited) co_return waited;
  }
}

std::expected<std::string_view, IoError> Connection::peek_now() {
  auto got = receive(shared_buffer_, MSG_PEEK);
  if (!got) return std::unexpected{got.error()};
  return std::string_view{shared_buffer_.data(), *got};
}

asio::awaitable<std::expected<std::string_view, IoError>> Connection::peek(std::size_t octets) {
  PB_CHECK(!tls_ && octets <= shared_buffer_.size());
  // The kernel calls the socket readable only when so much is there: no spinning on a first byte.
  LowWaterMark mark{descriptor(), octets};
  for (;;) {
    auto got = peek_now();
    if (!got || got->size() >= octets) co_return got;
    auto readable = co_await wait(Socket::wait_read);
    if (!readable) co_return std::unexpected{readable.error()};
    auto now = peek_now();
    // Less than asked for in spite of readiness: the peer has ended its side.
    if (now && now->size() < octets && peer_has_ended(descriptor())) co_return now;
  }
}

void Connection::discard(std::size_t octets) {
  while (octets > 0) {
    auto got = receive(shared_buffer_.first(std::min(octets, shared_buffer_.size())), 0);
    PB_CHECK(got && *got > 0);  // they were peeked at
    octets -= *got;
  }
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  if (tls_) tls_->close_notify();
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  // A close with unread input becomes a reset, which takes our last reply from the peer.
  for (int reads = 0; reads < 8 && receive(shared_buffer_, 0).value_or(0) > 0; ++reads) {
  }
  socket_.close(ignored);
}

int Connection::descriptor() { return socket_.native_handle(); }
}  // namespace pb::runtime
