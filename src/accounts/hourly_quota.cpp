// hourly_quota.cpp: see hourly_quota.hpp.                         Spec: docs/reference/xprobe.md.
// Tests: hourly_quota_test.cpp
#include "accounts/hourly_quota.hpp"

#include <algorithm>

namespace pb::accounts {
HourlyQuota::HourlyQuota(QuotaLimits limits) : limits_{limits}, accounts_{limits.accounts_max} {}

HourlyQuota::Answer HourlyQuota::begin(std::string const& account, Instant now) {
  bool const running = std::ranges::find(under_way_, account) != under_way_.end();
  if (running || under_way_.size() >= limits_.at_once) return Answer::busy;
  auto& when = accounts_.touch(account).when;
  // What stands in the future, after a clock that was set back, counts on until it is past.
  std::erase_if(when, [&](Instant one) { return one + std::chrono::hours{1} <= now; });
  if (when.size() >= limits_.an_hour) return Answer::too_many;
  when.push_back(now);
  under_way_.push_back(account);
  return Answer::granted;
}

void HourlyQuota::end(std::string const& account) { std::erase(under_way_, account); }
}  // namespace pb::accounts
