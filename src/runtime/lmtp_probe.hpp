// lmtp_probe.hpp: asks the mail store behind LMTP whether it takes mail for a recipient.
// Spec: RFC 2033 §4; RFC 5321 §3.6.2 (refuse early); docs/queue-states.md.
// Tests: lmtp_probe_test.cpp       Not here: which domains are asked (app/), the verdict (policy/).
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "accounts/bounded_table.hpp"
#include "base/clock.hpp"
#include "delivery/via.hpp"
#include "runtime/dialer.hpp"
#include "runtime/policy_judge.hpp"

namespace pb::runtime {
/// LHLO, MAIL FROM:<>, RCPT, RSET. true: a 2yz reply; false: 5yz; nullopt: anything else, or no
/// answer in time.
asio::awaitable<std::optional<bool>> ask_lmtp(DialTarget target, std::string lhlo_name,
                                              mail::Mailbox recipient, Duration wait);

/// Remembers the answers, so that strangers who guess addresses are not passed on one by one.
class LmtpProbe final : public RecipientProbe {
 public:
  static constexpr Duration yes_lasts = std::chrono::hours{24};
  static constexpr Duration no_lasts = std::chrono::minutes{5};
  /// Where a domain's mail store listens; nullopt: its recipients are not asked for.
  using TargetOf = std::function<std::optional<DialTarget>(mail::Domain const&)>;

  /// The clock outlives it.
  LmtpProbe(std::string hostname, Clock const& clock, TargetOf target_of);
  [[nodiscard]] bool covers(mail::Domain const& domain) const override;
  asio::awaitable<std::optional<bool>> exists(mail::Mailbox mailbox, Duration wait) override;

 private:
  struct Known {
    Instant until{};
    bool yes = false;
  };
  std::string hostname_;
  Clock const& clock_;
  TargetOf target_of_;
  std::mutex mutex_;  // of known_
  accounts::BoundedTable<std::string, Known> known_;
};
}  // namespace pb::runtime
