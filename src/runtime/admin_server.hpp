// admin_server.hpp: HTTP over a unix socket, for the command line of the same machine.
// Spec: RFC 9112 (HTTP/1.1), unix(7) SO_PEERCRED.
// Tests: tests/end_to_end/users_test.py
// Not here: what can be asked (api/), the questions of people (cli/).
#pragma once

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace pb::runtime {
namespace asio = boost::asio;

/// Who asks, as the kernel says.
struct AdminPeer {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
};

struct AdminRequest {
  std::string method;  // "GET", "POST", "DELETE"
  std::string target;  // "/inbox?to=a%40b.example", as sent
  std::string body;    // at most AdminOptions::body_octets_max
  AdminPeer peer;
};

struct AdminResponse {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
};

/// Runs on the admin thread: may block shortly (a store look-up); long waits are co_awaited.
/// Throws nothing.
using AdminHandler = std::function<asio::awaitable<AdminResponse>(AdminRequest)>;

struct AdminOptions {
  std::string path;  // of the socket; made with mode 0660
  std::size_t body_octets_max = 1 << 20;
  std::size_t response_octets_max = 1 << 30;
  std::size_t connections_max = 64;
  Duration idle_wait = std::chrono::seconds{60};
};

/// Its own thread and loop, so that no question slows mail.
class AdminServer {
 public:
  AdminServer(AdminOptions options, Log& log);
  /// Closes every connection, ends the thread, removes the socket.
  ~AdminServer();
  AdminServer(AdminServer const&) = delete;
  AdminServer& operator=(AdminServer const&) = delete;

  /// Refuses a path where another server answers; removes one that nobody answers at. The text
  /// says what to change.
  std::expected<void, std::string> bind();
  /// Starts the thread. Only peers are answered that are root, our own user, or in the socket's
  /// group; each is logged with what it asked, questions (GET) at level debug.
  void start(AdminHandler handler);
  void stop();
  [[nodiscard]] asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::runtime
