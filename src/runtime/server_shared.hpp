// server_shared.hpp: what listeners and sessions of one server share, and one reload's values.
// Spec: ARCHITECTURE.md decision 3.                             Not here: who owns it (server.cpp).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "policy/security_choice.hpp"
#include "runtime/greeted_peers.hpp"
#include "runtime/guards.hpp"
#include "runtime/memory_gauge.hpp"
#include "runtime/network_counts.hpp"
#include "runtime/server_settings.hpp"
#include "runtime/tls_context.hpp"

namespace pb::runtime {
/// The settings and the TLS contexts made from them. Immutable; a session keeps the one it began
/// with.
struct Generation {
  std::shared_ptr<ServerSettings const> settings;
  std::vector<std::shared_ptr<ServerTls const>> tls;  // by listener; nullptr: no TLS there
};

struct ServerShared {
  ServerShared(Log& log_in, Clock const& clock_in)
      : log{log_in}, clock{clock_in}, ticket_keys{clock_in} {}

  Log& log;
  Clock const& clock;
  TicketKeys ticket_keys;
  NetworkCounts counts;
  std::mutex memory_mutex;  // held for a look-up or the reading of a first input
  policy::SecurityMemory memory;
  GreetedPeers greeted;
  std::atomic<std::uint64_t> session_ids{0};
  std::atomic<std::size_t> open_sessions{0};
  std::atomic<std::uint64_t> work{0};  // messages and ended sessions, for the memory keeper
  MemoryGauge memory_gauge{memory_limit_octets()};
  std::size_t descriptors_max = 0;
  std::mutex idle_mutex;
  std::condition_variable idle;  // told when open_sessions comes to zero, and at a stop
};
}  // namespace pb::runtime
