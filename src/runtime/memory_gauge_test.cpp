// memory_gauge_test.cpp: short from three quarters on, and not looked at for every question.
// Spec: memory_gauge.hpp.                       Not here: the server short of it (tests/failures).
#include "runtime/memory_gauge.hpp"

#include <gtest/gtest.h>

namespace pb::runtime {
namespace {
TEST(MemoryGauge, is_short_above_three_quarters_and_looks_now_and_then) {
  std::uint64_t used = 750;
  int looks = 0;
  MemoryGauge gauge{1000, [&] { return ++looks, used; }};
  EXPECT_FALSE(gauge.is_short(1000));
  used = 751;
  EXPECT_FALSE(gauge.is_short(1010)) << "it has just looked";
  EXPECT_TRUE(gauge.is_short(1020));
  used = 10;
  EXPECT_FALSE(gauge.is_short(1040)) << "as soon as there is some again";
  EXPECT_EQ(looks, 3);
}

TEST(MemoryGauge, knows_what_this_process_uses) {
  MemoryGauge a_page{4096};
  MemoryGauge the_world{1ULL << 60};
  EXPECT_TRUE(a_page.is_short());
  EXPECT_FALSE(the_world.is_short());
}
}  // namespace
}  // namespace pb::runtime
