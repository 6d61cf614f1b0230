// memory_gauge.hpp: whether this process is about to use more memory than it may.
// Spec: RFC 5321 §4.2.3 (421, 452).                                  Tests: memory_gauge_test.cpp
// Not here: the budget of bodies in transit (guards.hpp), what is refused then (session_loop).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace pb::runtime {
/// Header sections, and what the libraries allocate, are in no budget: so the whole is watched.
/// Short: three quarters of `limit` are resident. Any thread; looks at most every 20 ms.
class MemoryGauge {
 public:
  /// Before the process is confined: it holds its file open.
  explicit MemoryGauge(std::uint64_t limit_octets);
  /// The same with another way to look; octets.
  MemoryGauge(std::uint64_t limit_octets, std::function<std::uint64_t()> resident);
  ~MemoryGauge();
  MemoryGauge(MemoryGauge const&) = delete;
  MemoryGauge& operator=(MemoryGauge const&) = delete;

  /// `now`: steady, in milliseconds.
  bool is_short(std::int64_t now);
  /// By the process's own clock.
  bool is_short();

 private:
  [[nodiscard]] std::uint64_t resident() const;
  std::uint64_t const enough_;
  int file_ = -1;  // /proc/self/statm
  std::function<std::uint64_t()> resident_;
  std::atomic<std::int64_t> look_at_ = 0;
  std::atomic<bool> short_ = false;
};
}  // namespace pb::runtime
