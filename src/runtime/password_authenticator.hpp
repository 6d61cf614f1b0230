// password_authenticator.hpp: answers the questions of SASL exchanges from the accounts.
// Spec: docs/threat-model.md; RFC 4954 §6 (454 4.7.0), §9.  Tests: password_authenticator_test.cpp
// Not here: SASL messages (sasl/), hashing (accounts/password), the exchange's replies (smtp/).
#pragma once

#include <memory>
#include <string>

#include "accounts/login_throttle.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "runtime/argon2_pool.hpp"
#include "runtime/directory_snapshot.hpp"
#include "runtime/services.hpp"

namespace pb::runtime {
struct PasswordAuthenticatorOptions {
  /// accounts::Store::secret(); empty: one is made, and fake salts change with the process.
  std::string fake_salt_secret;
  accounts::ThrottleLimits throttle;
};

/// Shared by all cores; all calls from any of them. In a sandbox session (facts.sandbox) every user
/// and password is right.
class PasswordAuthenticator final : public Authenticator {
 public:
  /// `random` is used only here, in the constructor; `clock` and `log` outlive it.
  PasswordAuthenticator(std::shared_ptr<DirectorySnapshot const> directory,
                        std::shared_ptr<Argon2Pool> pool, Clock const& clock, Random& random,
                        Log& log, PasswordAuthenticatorOptions options = {});
  ~PasswordAuthenticator() override;

  asio::awaitable<sasl::Answer> answer(sasl::Question question,
                                       smtp::server::SessionFacts const& facts) override;
  /// Of the session's last failed login, once; zero when none is open.
  Duration failure_delay(smtp::server::SessionFacts const& facts) override;

  /// A session is used under its account (policy_judge calls it at MAIL): its SCRAM exchange, which
  /// is decided in the session, has succeeded.
  void logged_in(smtp::server::SessionFacts const& facts);
  /// After passwd and remove: the cache of verified logins forgets this account.
  void forget(std::string_view account);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::runtime
