// sandbox.hpp: the test mail server's configuration, made by code, and its own CA.
// Spec: docs/reference/sandbox.md.  Tests: tests/end_to_end/sandbox_test.py
// Not here: what is accepted there (policy/), the captured messages (inbox/).
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>

#include "app/config_files.hpp"
#include "base/clock.hpp"

namespace pb::app {
struct SandboxPorts {
  std::uint16_t relay = 1025;
  std::uint16_t submission = 1587;
  std::uint16_t submissions = 1465;
  std::uint16_t submission_alt = 2525;
};

struct SandboxOptions {
  std::string data_dir;
  SandboxPorts ports;
  bool ipv6 = false;  // listen on ::1 too
  std::uint64_t threads = 0;
};

/// Loopback only, every domain captured, nothing sent out. Its certificate is made anew at each
/// start and signed by the CA of data_dir, so that a client that trusts the CA once may verify.
std::expected<LoadedConfig, std::string> sandbox_config(SandboxOptions const& options, Instant now);

/// The CA's certificate file below data_dir; made (with its key, mode 0600) when there is none.
std::expected<std::string, std::string> sandbox_ca_file(std::string const& data_dir, Instant now);

/// True when a socket can be bound to ::1.
bool has_ipv6_loopback();
}  // namespace pb::app
