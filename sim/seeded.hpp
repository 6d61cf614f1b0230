// seeded.hpp: the simulator's clock and randomness: nothing else tells the time or throws dice.
// Spec: base/clock.hpp, base/random.hpp.                       Not here: what happens
// (timeline.hpp).
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace pb::sim {
inline constexpr Instant start_of_time{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

class SimClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  void advance(Duration time) { now_ += time; }
  void set(Instant now) { now_ = now; }

 private:
  Instant now_ = start_of_time;
};

/// splitmix64: every run of a seed is the same run.
class SimRandom final : public Random {
 public:
  explicit SimRandom(std::uint64_t seed) : state_{seed} {}
  std::uint64_t next() override {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  /// True `rate` times in a thousand.
  bool hits(std::uint32_t rate) { return rate != 0 && below(1000) < rate; }
  Duration between(Duration least, Duration most) {
    return least + Duration{static_cast<Duration::rep>(below((most - least).count() + 1))};
  }

 private:
  std::uint64_t state_;
};
}  // namespace pb::sim
