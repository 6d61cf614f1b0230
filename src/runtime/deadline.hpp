// deadline.hpp: the one timer of a connection; when it passes during a wait it cancels the socket.
// Spec: ARCHITECTURE.md decision 6.                             Tests: connection_test.cpp
// Not here: what a wait then answers (connection).
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

namespace pb::runtime {
namespace asio = boost::asio;

/// Armed at most once at a time. Where the deadline moved on meanwhile, the completion arms it
/// again: a session that is busy never touches the timer queue. Shared with that completion, which
/// may outlive the connection.
class Deadline : public std::enable_shared_from_this<Deadline> {
 public:
  explicit Deadline(asio::ip::tcp::socket& socket)
      : socket_{&socket}, timer_{socket.get_executor()} {}

  void set(std::chrono::milliseconds wait) {
    when_ = std::chrono::steady_clock::now() + wait;
    passed_ = false;
  }
  void begin_wait() {
    waiting_ = true;
    arm();
  }
  void end_wait() { waiting_ = false; }
  [[nodiscard]] bool waiting() const { return waiting_; }
  [[nodiscard]] bool passed() const { return passed_; }
  /// The socket is about to go.
  void detach() {
    socket_ = nullptr;
    timer_.cancel();
  }

 private:
  void arm() {
    if (armed_ && armed_for_ <= when_) return;
    armed_ = true;
    armed_for_ = when_;
    timer_.expires_at(when_);
    timer_.async_wait([self = shared_from_this(), turn = ++turn_](boost::system::error_code error) {
      if (!error && self->turn_ == turn) self->fired();
    });
  }
  void fired() {
    armed_ = false;
    if (socket_ == nullptr || !waiting_) return;  // the next wait arms it
    if (std::chrono::steady_clock::now() < when_) return arm();
    passed_ = true;
    boost::system::error_code ignored;
    socket_->cancel(ignored);
  }

  asio::ip::tcp::socket* socket_;
  asio::steady_timer timer_;
  std::chrono::steady_clock::time_point when_{};
  std::chrono::steady_clock::time_point armed_for_{};
  std::uint32_t turn_ = 0;  // a completion that was overtaken by a new arming says nothing
  bool armed_ = false;
  bool waiting_ = false;
  bool passed_ = false;
};
}  // namespace pb::runtime
