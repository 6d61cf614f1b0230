// listener.hpp: one bound socket: accepts, counts networks, hands sockets to the least loaded core.
// Spec: ARCHITECTURE.md decision 3; issue-visible limits in LimitSettings.  Tests: server_test.cpp
// Not here: what happens on the socket (smtp_connection).
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/core.hpp"
#include "runtime/server_shared.hpp"
#include "runtime/smtp_connection.hpp"

namespace pb::runtime {
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  /// Accepts on cores.front()'s thread. `inherited` is a listening socket or -1. The error is a
  /// sentence that names the address and what to do.
  static std::expected<std::shared_ptr<Listener>, std::string> bind(
      Endpoint const& address, int inherited, std::vector<std::unique_ptr<Core>> const& cores,
      ServerShared& shared);

  /// The settings that new sessions get, and which of their listeners this is. On the accepting
  /// thread, or before it runs.
  void use(std::shared_ptr<Generation const> generation, std::size_t index);
  void start();
  void close();

  [[nodiscard]] Endpoint const& asked() const { return asked_; }  // port 0 stays 0
  [[nodiscard]] Endpoint const& bound() const { return bound_; }

  Listener(Endpoint const& address, std::vector<std::unique_ptr<Core>> const& cores,
           ServerShared& shared);

 private:
  using Batch = std::vector<AcceptedSocket>;  // for one core
  void wait();
  void accept_waiting();
  void pause();
  bool take(int descriptor, Endpoint const& peer, std::vector<Batch>& batches);
  void refuse(int descriptor, Endpoint const& peer, smtp::Reply const& reply);
  std::size_t least_loaded() const;
  [[nodiscard]] ListenerSettings const& settings() const;

  Endpoint asked_;
  Endpoint bound_;
  std::vector<std::unique_ptr<Core>> const& cores_;
  ServerShared& shared_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_timer_;
  std::shared_ptr<Generation const> generation_;
  std::size_t index_ = 0;
  std::uint64_t refused_ = 0;  // since the last line about it
  std::chrono::steady_clock::time_point refused_logged_{};
};

/// A socket of its own that listens there already; the error as of Listener::bind.
std::expected<int, std::string> listening_socket(Endpoint const& address);
/// Between the kernel's addresses and ours. IPv4-mapped IPv6 becomes IPv4.
Endpoint endpoint_of(asio::ip::tcp::endpoint const& endpoint);
asio::ip::tcp::endpoint kernel_endpoint(Endpoint const& endpoint);
}  // namespace pb::runtime
