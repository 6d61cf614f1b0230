// client.hpp: asks a running Packetboat over its admin socket. Blocks; for the command line.
// Spec: docs/reference/admin-api.md.                            Tests: router_test.cpp
// Not here: what to do when none runs (cli/gateway).
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "runtime/admin_server.hpp"

namespace pb::api {
enum class ClientError { not_running, not_permitted, broken };

class Client {
 public:
  explicit Client(std::string socket_path) : path_{std::move(socket_path)} {}
  /// One connection a question. `wait`: how long the answer may take.
  [[nodiscard]] std::expected<runtime::AdminResponse, ClientError> ask(
      runtime::AdminRequest const& request, Duration wait) const;

 private:
  std::string path_;
};
}  // namespace pb::api
