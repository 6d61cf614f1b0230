// nearest_test.cpp: slips are recognised, other words are not.
// Spec: nearest.hpp.
#include "base/nearest.hpp"

#include <gtest/gtest.h>

#include <array>

namespace pb {
namespace {
using namespace std::string_view_literals;

TEST(Nearest, counts_a_swap_of_neighbours_as_one_edit) {
  EXPECT_EQ(edit_distance("hostname", "hostnmae"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("Listener", "listener"), 0U);
}

TEST(Nearest, names_the_key_that_was_meant) {
  constexpr std::array names{"hostname"sv, "data_dir"sv, "listener"sv};
  EXPECT_EQ(nearest("host_name", names), "hostname"sv);
  EXPECT_EQ(nearest("listner", names), "listener"sv);
}

TEST(Nearest, says_nothing_when_nothing_is_near) {
  constexpr std::array names{"hostname"sv, "data_dir"sv};
  EXPECT_EQ(nearest("tarpit", names), std::nullopt);
}

TEST(Nearest, cuts_long_input_so_that_its_cost_is_bounded) {
  std::string const long_name(1 << 20, 'x');
  EXPECT_EQ(edit_distance(long_name, "x"), 63U);
}
}  // namespace
}  // namespace pb
