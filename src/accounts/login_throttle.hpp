// login_throttle.hpp: guessing passwords gets slow, by network and by account.
// Spec: RFC 4954 §9 (delay after failures), NIST SP 800-63B §5.2.2 (rate limiting).
// Tests: login_throttle_test.cpp           Not here: waiting (runtime/), whether a password is
// right.
//
// Rules: 1. Failures are counted by the peer's network (/32, /64) and by the login name, whether or
// not such a user exists. 2. Counts halve every ten minutes. 3. A network from which a login
// succeeded is known to that account for 30 days: its own slips there cost two seconds at most, and
// nobody else's failures ever stop it. 4. Every table is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "accounts/bounded_table.hpp"
#include "base/clock.hpp"
#include "base/ip.hpp"

namespace pb::accounts {
struct ThrottleLimits {
  Duration first_delay = std::chrono::milliseconds{500};  // doubles with each failure
  Duration delay_max = std::chrono::seconds{30};
  Duration known_delay_max = std::chrono::seconds{2};
  Duration half_life = std::chrono::minutes{10};
  Duration known_for = std::chrono::days{30};
  double network_failures_max = 50;   // then no password of an unknown network is checked
  double account_failures_max = 200;  // then none for this account, but from known networks
  std::size_t networks_max = 20'000;
  std::size_t accounts_max = 20'000;
  std::size_t known_max = 50'000;
};

class LoginThrottle {
 public:
  explicit LoginThrottle(ThrottleLimits limits = {});
  /// Asked before a password is checked. `later`: do not check it, answer 454 4.7.0.
  enum class Gate : std::uint8_t { check, later };
  [[nodiscard]] Gate gate(IpAddress const& peer, std::string_view login, Instant now) const;
  /// `login` as the client sent it, `account` as the directory calls it (for a success).
  void on_success(IpAddress const& peer, std::string_view login, std::string_view account,
                  Instant now);
  /// How long the refusal waits before it is sent.
  [[nodiscard]] Duration on_failure(IpAddress const& peer, std::string_view login, Instant now);
  [[nodiscard]] bool is_known(IpAddress const& peer, std::string_view login, Instant now) const;
  /// Entries in all tables: for tests and metrics.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Count {
    double failures = 0;
    Instant at{};
  };
  [[nodiscard]] double failures_at(Count const* count, Instant now) const;
  double add_failure(Count& count, Instant now) const;
  ThrottleLimits limits_;
  BoundedTable<std::string, Count> networks_;  // by network text
  BoundedTable<std::string, Count> accounts_;  // by login key
  BoundedTable<std::string, Instant> known_;   // by network text and login key; last success
};
}  // namespace pb::accounts
