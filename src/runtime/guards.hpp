// guards.hpp: free disk, memory and queue ceilings: when a message must be refused for a while.
// Spec: RFC 5321 §4.2.3 (452), RFC 3463 (4.3.1); ARCHITECTURE.md decision 4.
// Tests: queue_intake_test.cpp. Not here: per-network limits (policy/, runtime/listener).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace pb::runtime {
struct GuardSettings {
  std::string data_dir;
  double free_share_min = 0.05;               // of the file system's blocks, and of its inodes
  std::uint64_t free_octets_min = 64U << 20;  // at least so much, even of a large disk's 5 %
  std::uint64_t queue_messages_max = 5'000'000;
  std::uint64_t memory_share_of_bodies = 8;  // bodies in transit: one part in so many of the memory
  Duration look_every = std::chrono::seconds{1};
};

enum class Pressure : std::uint8_t { none, disk_full, inodes_gone, memory_full, queue_full };
std::string_view name(Pressure pressure);

/// What statvfs says, as arguments: so that a test can say it.
struct DiskSpace {
  std::uint64_t octets_total = 0, octets_free = 0, inodes_total = 0, inodes_free = 0;
};
std::optional<DiskSpace> disk_space(std::string const& path);
/// Memory that this process may use: the smallest cgroup limit on the way up, else the machine's.
std::uint64_t memory_limit_octets();
/// What the cgroup uses without the cache that the kernel gives back by itself; 0: not known.
std::uint64_t memory_used_octets();

/// Any thread. Looks at the disk at most once each look_every.
class Guards {
 public:
  Guards(GuardSettings settings, Clock const& clock,
         std::function<std::optional<DiskSpace>(std::string const&)> look = disk_space);
  /// Whether a further message may come in now.
  Pressure pressure(std::uint64_t messages_queued);
  /// Takes memory of the budget of bodies in transit; false: it is used up. Give it back.
  bool take_memory(std::uint64_t octets);
  void give_back_memory(std::uint64_t octets);
  [[nodiscard]] std::uint64_t memory_taken() const { return taken_; }
  [[nodiscard]] std::uint64_t memory_budget() const { return budget_; }

 private:
  Pressure look_at_disk() const;
  GuardSettings settings_;
  Clock const& clock_;
  std::function<std::optional<DiskSpace>(std::string const&)> look_;
  std::uint64_t budget_;
  std::atomic<std::uint64_t> taken_ = 0;
  std::atomic<std::int64_t> looked_at_ = 0;
  std::atomic<Pressure> disk_ = Pressure::none;
};
}  // namespace pb::runtime
