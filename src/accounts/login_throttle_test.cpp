// login_throttle_test.cpp: guessing in simulated time.             Spec: login_throttle.hpp, rules.
#include "accounts/login_throttle.hpp"

#include <gtest/gtest.h>

namespace pb::accounts {
namespace {
using namespace std::chrono_literals;
using Gate = LoginThrottle::Gate;
constexpr Instant start{Duration{1'800'000'000'000}};
IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
IpAddress const home = ip("192.0.2.7");
IpAddress const attacker = ip("203.0.113.9");

TEST(Throttle, doubles_the_delay_with_each_failure_up_to_thirty_seconds) {
  LoginThrottle throttle;
  Instant const now = start;
  Duration last{0};
  for (Duration const expected :
       {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms}) {
    last = throttle.on_failure(attacker, "alice", now);
    EXPECT_EQ(last, expected);
  }
}

TEST(Throttle, forgets_half_in_ten_minutes) {
  LoginThrottle throttle;
  for (int i = 0; i < 6; ++i) static_cast<void>(throttle.on_failure(attacker, "alice", start));
  EXPECT_LT(throttle.on_failure(attacker, "alice", start + 60min), 700ms);
}

TEST(Throttle, counts_a_network_over_all_accounts_and_an_account_over_all_networks) {
  LoginThrottle throttle;
  static_cast<void>(throttle.on_failure(attacker, "alice", start));
  EXPECT_EQ(throttle.on_failure(attacker, "bob", start), 1000ms);
  EXPECT_EQ(throttle.on_failure(ip("198.51.100.1"), "alice", start), 1000ms);
  EXPECT_EQ(throttle.on_failure(ip("198.51.100.2"), "ALICE", start), 2000ms);
  EXPECT_EQ(throttle.on_failure(ip("198.51.100.3"), "carol", start), 500ms);
}

TEST(Throttle, counts_a_64_of_ipv6_as_one) {
  LoginThrottle throttle;
  static_cast<void>(throttle.on_failure(ip("2001:db8::1"), "a", start));
  EXPECT_EQ(throttle.on_failure(ip("2001:db8::ffff"), "b", start), 1000ms);
  EXPECT_EQ(throttle.on_failure(ip("2001:db8:0:1::1"), "c", start), 500ms);
}

TEST(Throttle, stops_checking_for_a_network_that_guesses_but_not_for_others) {
  LoginThrottle throttle;
  for (int i = 0; i < 50; ++i) {
    static_cast<void>(throttle.on_failure(attacker, "user" + std::to_string(i), start));
  }
  EXPECT_EQ(throttle.gate(attacker, "alice", start), Gate::later);
  EXPECT_EQ(throttle.gate(home, "alice", start), Gate::check);
  EXPECT_EQ(throttle.gate(attacker, "alice", start + 11min), Gate::check);
}

TEST(Throttle, never_locks_out_a_known_address_whatever_others_do) {
  LoginThrottle throttle;
  throttle.on_success(home, "alice", "alice@example.org", start);
  for (int i = 0; i < 5000; ++i) {
    IpAddress const bot = IpAddress::v4(0xC6330000U + static_cast<std::uint32_t>(i));
    static_cast<void>(throttle.on_failure(bot, "alice", start + 1s));
    static_cast<void>(throttle.on_failure(home, "somebody else", start + 1s));
  }
  EXPECT_EQ(throttle.gate(home, "alice", start + 2s), Gate::check);
  EXPECT_EQ(throttle.gate(home, "alice@example.org", start + 2s), Gate::check);
  EXPECT_LE(throttle.on_failure(home, "alice", start + 2s), 2s);
  EXPECT_EQ(throttle.gate(ip("198.51.100.77"), "alice", start + 2s), Gate::later);
  EXPECT_EQ(throttle.gate(home, "alice", start + std::chrono::days{31}), Gate::check);
}

TEST(Throttle, forgets_a_known_address_after_thirty_days) {
  LoginThrottle throttle;
  throttle.on_success(home, "alice", "alice", start);
  EXPECT_TRUE(throttle.is_known(home, "alice", start + std::chrono::days{29}));
  EXPECT_FALSE(throttle.is_known(home, "alice", start + std::chrono::days{30}));
  EXPECT_FALSE(throttle.is_known(home, "bob", start));
  EXPECT_FALSE(throttle.is_known(attacker, "alice", start));
}

TEST(Throttle, holds_no_more_entries_than_its_limits) {
  ThrottleLimits limits;
  limits.networks_max = 100;
  limits.accounts_max = 50;
  limits.known_max = 10;
  LoginThrottle throttle{limits};
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    std::string const name = "user" + std::to_string(i);
    static_cast<void>(throttle.on_failure(IpAddress::v4(i), name, start));
    throttle.on_success(IpAddress::v4(i), name, name, start);
  }
  EXPECT_EQ(throttle.size(), 160U);
}

TEST(Throttle, takes_no_notice_of_a_clock_that_goes_back) {
  LoginThrottle throttle;
  static_cast<void>(throttle.on_failure(attacker, "alice", start));
  EXPECT_EQ(throttle.on_failure(attacker, "alice", start - 60min), 1000ms);
}
}  // namespace
}  // namespace pb::accounts
