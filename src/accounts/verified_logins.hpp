// verified_logins.hpp: remembers for five minutes that a password was right, so that a program that
// logs in for every message does not pay 20 ms each time. Holds no password: only HMACs of it.
// Spec: the HMAC's key is random and lives as long as the process.    Tests:
// verified_logins_test.cpp Not here: checking a password (password.hpp), locks
// (runtime/password_authenticator).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "accounts/bounded_table.hpp"
#include "accounts/directory.hpp"
#include "base/clock.hpp"

namespace pb::accounts {
inline constexpr Duration verified_login_life = std::chrono::minutes{5};

class VerifiedLogins {
 public:
  /// `key`: 32 unpredictable octets.
  explicit VerifiedLogins(std::string key, std::size_t entries_max = 10'000);
  /// True when this password was right for this account in the last five minutes and neither has
  /// changed since (the record's credential version and hash are part of what is remembered).
  [[nodiscard]] bool contains(Account const& account, std::string_view password, Instant now) const;
  void remember(Account const& account, std::string_view password, Instant now);
  /// After passwd and remove.
  void forget(std::string_view account);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string account;
    Instant until{};
  };
  [[nodiscard]] std::string mac(Account const& account, std::string_view password) const;
  std::string key_;
  BoundedTable<std::string, Entry> entries_;  // by HMAC
};
}  // namespace pb::accounts
