// edit_distance_test.cpp: what counts as one or two slips.        Spec: optimal string alignment.
#include "accounts/edit_distance.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pb::accounts {
namespace {
TEST(EditDistance, counts_each_kind_of_slip_once) {
  EXPECT_EQ(edit_distance("alice", "alice"), 0U);
  EXPECT_EQ(edit_distance("alice", "alce"), 1U);
  EXPECT_EQ(edit_distance("alice", "alicce"), 1U);
  EXPECT_EQ(edit_distance("alice", "alixe"), 1U);
  EXPECT_EQ(edit_distance("alice", "ailce"), 1U);
  EXPECT_EQ(edit_distance("alice", "aliecs"), 2U);
  EXPECT_EQ(edit_distance("alice", "bob"), far_apart);
  EXPECT_EQ(edit_distance("", "ab"), 2U);
  EXPECT_EQ(edit_distance("", "abc"), far_apart);
}
TEST(EditDistance, does_not_compare_long_words) {
  std::string const long_word(65, 'a');
  EXPECT_EQ(edit_distance(long_word, long_word), 0U);
  EXPECT_EQ(edit_distance(long_word, long_word + "b"), far_apart);
  EXPECT_EQ(edit_distance(std::string(64, 'a'), std::string(63, 'a')), 1U);
}
}  // namespace
}  // namespace pb::accounts
