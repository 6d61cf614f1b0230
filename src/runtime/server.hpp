// server.hpp: the listening server: binds, starts its cores, reloads, drains, stops.
// Spec: ARCHITECTURE.md decisions 3 and 8.          Tests: server_test.cpp
// Not here: SMTP (smtp/server), configuration and signals (app/).
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "runtime/server_settings.hpp"

namespace pb::runtime {
struct ServerOptions {
  std::size_t cores = 0;  // threads with a loop each; 0: one a processor
  /// Asked at a reload for a listening socket on a port below 1024, which may need a right that we
  /// gave up; the error is a sentence. Empty: we bind it ourselves.
  std::function<std::expected<int, std::string>(Endpoint const&)> listen_for_us{};
};

/// A socket that systemd (or a parent) bound for us. Taken when a listener has its address.
struct InheritedSocket {
  int descriptor = -1;
};
/// Those named by LISTEN_PID and LISTEN_FDS; the variables are removed. Empty: none.
std::vector<InheritedSocket> inherited_sockets();
/// Raises the soft limit of open files to the hard one; gives what it is now.
std::size_t raise_descriptor_limit();

/// Order: bind(), then drop root and what else must precede threads, then start().
class Server {
 public:
  Server(std::shared_ptr<ServerSettings const> settings, Log& log, Clock const& clock,
         ServerOptions options);
  /// Stops at once if it still runs.
  ~Server();
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  /// Checks certificates and binds every listener; on an error nothing stays bound and the text
  /// says what to change. No thread is started.
  std::expected<void, std::string> bind(std::span<InheritedSocket const> inherited = {});
  /// Starts the cores' threads and accepts. Call once, after bind().
  void start();
  /// Swaps everything at once, or changes nothing and says why. Listeners that are gone close;
  /// sessions keep what they began with. Any thread.
  std::expected<void, std::string> reload(std::shared_ptr<ServerSettings const> settings);
  /// Stops accepting, ends idle sessions with 421, lets open transactions finish within
  /// limits.drain_wait; then wait() returns. Any thread; returns at once.
  void drain();
  /// Ends every session now; wait() returns. Any thread; returns at once.
  void stop();
  /// Until drained or stopped.
  void wait();

  /// Where listener i really listens (port 0 resolved). After bind().
  [[nodiscard]] Endpoint local_endpoint(std::size_t listener) const;
  [[nodiscard]] std::size_t open_sessions() const;
  /// A core's loop, for those who must run on one (resolver, delivery, admin). Index < cores().
  [[nodiscard]] std::size_t cores() const;
  [[nodiscard]] asio::io_context& core_context(std::size_t index);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::runtime
