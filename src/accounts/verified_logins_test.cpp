// verified_logins_test.cpp: what the cache remembers, and when it forgets.   Spec:
// docs/threat-model.md.
#include "accounts/verified_logins.hpp"

#include <gtest/gtest.h>

namespace pb::accounts {
namespace {
using namespace std::chrono_literals;
constexpr Instant start{Duration{1'800'000'000'000}};
Account alice() {
  Account account;
  account.name = "alice@example.org";
  account.password_hash = "$argon2id$...";
  return account;
}

TEST(VerifiedLogins, remember_a_right_password_for_five_minutes) {
  VerifiedLogins logins{std::string(32, 'k')};
  EXPECT_FALSE(logins.contains(alice(), "pencil", start));
  logins.remember(alice(), "pencil", start);
  EXPECT_TRUE(logins.contains(alice(), "pencil", start));
  EXPECT_TRUE(logins.contains(alice(), "pencil", start + 5min - 1ms));
  EXPECT_FALSE(logins.contains(alice(), "pencil", start + 5min));
  EXPECT_FALSE(logins.contains(alice(), "penci", start));
}

TEST(VerifiedLogins, forget_an_account_whose_password_changed) {
  VerifiedLogins logins{std::string(32, 'k')};
  Account changed = alice();
  logins.remember(changed, "pencil", start);
  ++changed.credential_version;
  EXPECT_FALSE(logins.contains(changed, "pencil", start));
  changed = alice();
  changed.password_hash = "$argon2id$other";  // removed and added again: the version begins anew
  EXPECT_FALSE(logins.contains(changed, "pencil", start));
  logins.forget("alice@example.org");
  EXPECT_EQ(logins.size(), 0U);
  EXPECT_FALSE(logins.contains(alice(), "pencil", start));
}

TEST(VerifiedLogins, are_bounded) {
  VerifiedLogins logins{std::string(32, 'k'), 10};
  for (int i = 0; i < 100; ++i) logins.remember(alice(), std::to_string(i), start);
  EXPECT_EQ(logins.size(), 10U);
  EXPECT_TRUE(logins.contains(alice(), "99", start));
  EXPECT_FALSE(logins.contains(alice(), "0", start));
}
}  // namespace
}  // namespace pb::accounts
