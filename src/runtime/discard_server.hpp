// discard_server.hpp: a whole SMTP server that lets everyone in and throws every message away.
// Spec: docs/reference/command-line.md ("bench"). The sessions are the server's own: STARTTLS, TLS
// at once, AUTH, PIPELINING.                Tests: tests/end_to_end/bench_test.py     Not here:
// printing (cli/bench).
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "base/ip.hpp"
#include "base/log.hpp"
#include "runtime/server.hpp"

namespace pb::runtime {
struct DiscardCounts {
  std::atomic<std::uint64_t> messages{0}, recipients{0}, octets{0};
};

class DiscardServer {
 public:
  /// Makes a throw-away CA and a certificate for localhost and `address`. `on_message` runs on the
  /// server's threads, after a message was counted. The error says what to change.
  /// `role`: submission offers STARTTLS, submissions begins with TLS.
  static std::expected<std::unique_ptr<DiscardServer>, std::string> start(
      Endpoint address, smtp::server::Role role, Clock const& clock,
      std::function<void(std::uint64_t count)> on_message);
  ~DiscardServer();
  [[nodiscard]] Endpoint endpoint() const { return server_->local_endpoint(0); }
  [[nodiscard]] std::string const& ca_pem() const { return ca_pem_; }
  [[nodiscard]] DiscardCounts const& counts() const { return *counts_; }
  /// Ends every session; returns when all is down.
  void stop();

 private:
  DiscardServer() = default;
  NullLog log_;
  std::string ca_pem_;
  std::shared_ptr<DiscardCounts> counts_ = std::make_shared<DiscardCounts>();
  std::unique_ptr<Server> server_;
};
}  // namespace pb::runtime
