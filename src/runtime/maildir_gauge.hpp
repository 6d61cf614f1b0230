// maildir_gauge.hpp: how much an account's Maildirs hold, for quotas at RCPT time.
// Spec: RFC 3463 §3.3 (4.2.2, mailbox full); docs/reference (user --quota).
// Tests: maildir_gauge_test.cpp      Not here: the verdict (policy/engine).
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "accounts/bounded_table.hpp"
#include "base/clock.hpp"
#include "runtime/policy_judge.hpp"
#include "runtime/storage_pool.hpp"

namespace pb::runtime {
/// Octets of the files in new/ and cur/. A sum is believed for a minute, so that a full mailbox is
/// not read for every stranger who knocks; blocks only threads of the pool.
class MaildirGauge final : public MailboxGauge {
 public:
  static constexpr Duration believed_for = std::chrono::minutes{1};
  /// Where an account's mail lies; empty: nowhere that is measured. Called on any thread.
  using Directories = std::function<std::vector<std::string>(std::string const& account)>;

  /// The pool and the clock outlive it.
  MaildirGauge(StoragePool& pool, Clock const& clock, Directories directories);
  asio::awaitable<std::optional<std::uint64_t>> used_octets(std::string account,
                                                            Duration wait) override;

 private:
  struct Sum {
    Instant at{};
    std::uint64_t octets = 0;
    bool known = false;
  };
  StoragePool& pool_;
  Clock const& clock_;
  Directories directories_;
  std::mutex mutex_;  // of sums_
  accounts::BoundedTable<std::string, Sum> sums_;
};

/// Of the files in new/ and cur/ of one Maildir; what is not there is 0. Blocks.
std::uint64_t maildir_octets(std::string const& directory);
}  // namespace pb::runtime
