// units_test.cpp: durations and sizes are read as people write them, and nothing else is.
// Spec: units.hpp.
#include "app/units.hpp"

#include <gtest/gtest.h>

namespace pb::app {
namespace {
using namespace std::chrono_literals;

TEST(Units, reads_a_number_and_a_unit) {
  EXPECT_EQ(parse_duration("50ms"), 50ms);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration(" 4 h "), 4h);
  EXPECT_EQ(parse_duration("5d"), 120h);
  EXPECT_EQ(parse_octets("50 MiB"), 50ULL << 20);
  EXPECT_EQ(parse_octets("64KiB"), 65536U);
  EXPECT_EQ(parse_octets("1500"), 1500U);
}

TEST(Units, refuses_a_duration_without_a_unit_because_it_could_mean_anything) {
  EXPECT_FALSE(parse_duration("5"));
  EXPECT_FALSE(parse_duration("five minutes"));
  EXPECT_FALSE(parse_duration("-5m"));
  EXPECT_FALSE(parse_duration("5y"));
  EXPECT_FALSE(parse_duration(""));
}

TEST(Units, refuses_what_does_not_fit) {
  EXPECT_FALSE(parse_duration("99999999d"));
  EXPECT_FALSE(parse_octets("99999999999 TiB"));
  EXPECT_FALSE(parse_octets("99999999999999999999999"));
}

TEST(Units, writes_what_it_reads) {
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(5min), "5m");
  EXPECT_EQ(duration_text(7 * 24h), "7d");
  EXPECT_EQ(octets_text(50ULL << 20), "50 MiB");
  EXPECT_EQ(octets_text(1500), "1500");
}
}  // namespace
}  // namespace pb::app
