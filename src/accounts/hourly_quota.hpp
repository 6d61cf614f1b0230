// hourly_quota.hpp: what an account may do only so many times an hour, and one at a time.
// Spec: docs/reference/xprobe.md; STYLE.md (bounded tables).       Tests: hourly_quota_test.cpp
// Not here: what it does (runtime/remote_prober), threads: its owner has the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "accounts/bounded_table.hpp"
#include "base/clock.hpp"

namespace pb::accounts {
struct QuotaLimits {
  std::size_t an_hour = 10;  // of one account, in any sixty minutes
  std::size_t at_once = 16;  // of all accounts together
  std::size_t accounts_max = 4096;
};

class HourlyQuota {
 public:
  explicit HourlyQuota(QuotaLimits limits = {});
  enum class Answer : std::uint8_t { granted, too_many, busy };
  /// Granted: it counts, and end() must follow. What is refused does not count.
  [[nodiscard]] Answer begin(std::string const& account, Instant now);
  void end(std::string const& account);
  /// From now on; what was done before counts on.
  void set_an_hour(std::size_t an_hour) { limits_.an_hour = an_hour; }
  /// Entries in the table: for tests.
  [[nodiscard]] std::size_t size() const { return accounts_.size(); }

 private:
  struct Done {
    std::deque<Instant> when;  // of the last hour, at most an_hour, oldest first
  };
  QuotaLimits limits_;
  BoundedTable<std::string, Done> accounts_;
  std::vector<std::string> under_way_;  // at most at_once
};
}  // namespace pb::accounts
