// hourly_quota_test.cpp: so many an hour, one at a time, in simulated time.
// Spec: hourly_quota.hpp.
#include "accounts/hourly_quota.hpp"

#include <gtest/gtest.h>

namespace pb::accounts {
namespace {
using namespace std::chrono_literals;
using Answer = HourlyQuota::Answer;
constexpr Instant start{Duration{1'800'000'000'000}};

Answer once(HourlyQuota& quota, std::string const& account, Instant now) {
  Answer const answer = quota.begin(account, now);
  if (answer == Answer::granted) quota.end(account);
  return answer;
}

TEST(HourlyQuota, grants_ten_in_any_sixty_minutes_and_then_one_for_each_that_grows_old) {
  HourlyQuota quota;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(once(quota, "ada", start + i * 1min), Answer::granted);
  EXPECT_EQ(once(quota, "ada", start + 59min), Answer::too_many);
  EXPECT_EQ(once(quota, "ada", start + 60min), Answer::granted);
  EXPECT_EQ(once(quota, "ada", start + 60min), Answer::too_many);
  EXPECT_EQ(once(quota, "ada", start + 61min), Answer::granted);
}

TEST(HourlyQuota, counts_each_account_for_itself) {
  HourlyQuota quota{{.an_hour = 1}};
  EXPECT_EQ(once(quota, "ada", start), Answer::granted);
  EXPECT_EQ(once(quota, "ada", start), Answer::too_many);
  EXPECT_EQ(once(quota, "bob", start), Answer::granted);
}

TEST(HourlyQuota, lets_an_account_do_one_thing_at_a_time_and_all_together_only_a_few) {
  HourlyQuota quota{{.at_once = 2}};
  EXPECT_EQ(quota.begin("ada", start), Answer::granted);
  EXPECT_EQ(quota.begin("ada", start), Answer::busy);
  EXPECT_EQ(quota.begin("bob", start), Answer::granted);
  EXPECT_EQ(quota.begin("eve", start), Answer::busy);
  quota.end("ada");
  EXPECT_EQ(quota.begin("eve", start), Answer::granted);
}

TEST(HourlyQuota, does_not_count_what_it_refuses) {
  HourlyQuota quota{{.an_hour = 2}};
  EXPECT_EQ(quota.begin("ada", start), Answer::granted);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(quota.begin("ada", start), Answer::busy);
  quota.end("ada");
  EXPECT_EQ(once(quota, "ada", start), Answer::granted);
}

TEST(HourlyQuota, of_none_an_hour_grants_nothing_and_a_new_number_counts_at_once) {
  HourlyQuota quota{{.an_hour = 0}};
  EXPECT_EQ(once(quota, "ada", start), Answer::too_many);
  quota.set_an_hour(1);
  EXPECT_EQ(once(quota, "ada", start), Answer::granted);
}

TEST(HourlyQuota, does_not_grow_without_bound) {
  HourlyQuota quota{{.accounts_max = 100}};
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(once(quota, std::to_string(i), start), Answer::granted);
  EXPECT_EQ(quota.size(), 100U);
}
}  // namespace
}  // namespace pb::accounts
