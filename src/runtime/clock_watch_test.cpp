// clock_watch_test.cpp: only a clock that goes back is noticed, and the time that passed counts.
// Spec: clock_watch.hpp.                                Not here: what the queue does then.
#include "runtime/clock_watch.hpp"

#include <gtest/gtest.h>

namespace pb::runtime {
namespace {
using namespace std::chrono_literals;
constexpr Instant day{Duration{1'700'000'000'000}};
constexpr ClockWatch::Steady steady{1h};

TEST(ClockWatch, says_nothing_while_both_clocks_go_on_or_the_day_leaps_forward) {
  ClockWatch watch{day, steady};
  EXPECT_EQ(watch.set_back(day + 1s, steady + 1s), 0s);
  EXPECT_EQ(watch.set_back(day + 24h, steady + 2s), 0s);
  EXPECT_EQ(watch.set_back(day + 24h, steady + 3s), 0s);
}

TEST(ClockWatch, counts_the_time_that_passed_while_nobody_looked) {
  ClockWatch watch{day, steady};
  EXPECT_EQ(watch.set_back(day - 1h, steady + 5s), 1h + 5s);
  EXPECT_EQ(watch.set_back(day - 1h + 1s, steady + 6s), 0s) << "told once";
}

TEST(ClockWatch, leaves_out_what_a_time_server_trims) {
  ClockWatch watch{day, steady};
  EXPECT_EQ(watch.set_back(day - 100ms, steady + 10ms), 0s);
}
}  // namespace
}  // namespace pb::runtime
