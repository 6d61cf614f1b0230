// in_flight.hpp: which messages were being sent, in a file that outlives a crash of the process.
// Spec: docs/queue-states.md (held after three crashes in flight).
// Tests: queue_runner_test.cpp. Not here: what follows (queue/accept.cpp).
// A power cut is not the message's fault: never synced.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "queue/lease.hpp"

namespace pb::runtime {
/// Any thread. Without the file (read-only disk) it forgets, and says so by finding nothing.
class InFlight {
 public:
  InFlight() = default;
  ~InFlight();
  InFlight(InFlight const&) = delete;
  InFlight& operator=(InFlight const&) = delete;
  /// What the last process was sending when it died, sorted; empty after a clean end.
  std::vector<QueueId> open(std::string const& path);
  void began(queue::LeaseId lease, QueueId id);
  void ended(queue::LeaseId lease);
  void close_cleanly();

 private:
  static constexpr std::size_t slots = 4096;  // more at once are not remembered
  std::mutex lock_;
  std::uint64_t* map_ = nullptr;
  std::vector<std::uint16_t> free_;
  std::unordered_map<std::uint64_t, std::uint16_t> by_lease_;
};
}  // namespace pb::runtime
