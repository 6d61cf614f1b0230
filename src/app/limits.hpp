// limits.hpp: what an operator may change of the limits, [limits], in one table with the defaults.
// Spec: docs/reference/configuration.md (made from this table).     Tests: config_test.cpp
// Not here: limits of the protocols (base/limits.hpp).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pb::app {
/// Values in the unit of their row: a count, octets, milliseconds or percent.
struct Limits {
  std::uint64_t message_size = 50ULL << 20;
  std::uint64_t recipients = 1000;
  std::uint64_t sessions_per_core = 1000;
  std::uint64_t sessions_per_network = 50;
  std::uint64_t descriptors_reserve = 256;
  std::uint64_t commands = 10'000;
  std::uint64_t errors = 20;
  std::uint64_t transactions = 10'000;
  std::uint64_t auth_failures = 5;
  std::uint64_t idle = 300'000;
  std::uint64_t tls_handshake = 60'000;
  std::uint64_t client_hello = 5'000;
  std::uint64_t silence = 10'000;
  std::uint64_t proxy_header = 5'000;
  std::uint64_t write = 300'000;
  std::uint64_t drain = 30'000;
  std::uint64_t body_in_memory = 64ULL << 10;
  std::uint64_t queue_messages = 2'000'000;
  std::uint64_t free_disk = 5;
  std::uint64_t journal_age = 7ULL * 86'400'000;
  std::uint64_t journal_size = 1ULL << 30;
  std::uint64_t password_checks = 64;
  std::uint64_t xprobe_per_hour = 10;
  friend bool operator==(Limits const&, Limits const&) = default;
};

enum class LimitUnit : std::uint8_t { count, octets, duration, percent };

struct LimitRow {
  std::string_view name;  // the key below [limits]
  LimitUnit unit;
  std::uint64_t Limits::* value;
  std::uint64_t lowest;
  std::uint64_t highest;
  std::string_view about;
  bool at_start = false;  // taken at the start only: a reload that changes it is refused
};
std::span<LimitRow const> limit_rows();
/// "50 MiB", "5m", "5 %", "1000".
std::string limit_text(LimitUnit unit, std::uint64_t value);
}  // namespace pb::app
