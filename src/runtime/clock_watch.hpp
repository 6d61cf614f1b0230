// clock_watch.hpp: notices that the time of day was set back.
// Spec: queue/event.hpp (ClockSetBack).                                Tests: clock_watch_test.cpp
// Not here: what is done about it (queue). A clock set forward needs nothing: what is due is due.
#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace pb::runtime {
/// Compares the time of day with a clock that only goes on. Both are arguments: one thread's.
class ClockWatch {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  ClockWatch(Instant day, Steady steady) : day_{day}, steady_{steady} {}

  /// By how much it was set back since the last call; zero: it was not, or by less than a second.
  Duration set_back(Instant day, Steady steady) {
    auto const passed = std::chrono::duration_cast<Duration>(steady - steady_);
    Duration const by = day < day_ ? day_ - day + passed : Duration{0};
    day_ = day;
    steady_ = steady;
    return by < set_back_min ? Duration{0} : by;
  }

 private:
  static constexpr Duration set_back_min = std::chrono::seconds{1};
  Instant day_;
  Steady steady_;
};
}  // namespace pb::runtime
