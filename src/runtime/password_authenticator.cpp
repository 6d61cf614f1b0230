// password_authenticator.cpp: see password_authenticator.hpp.
// Spec: docs/threat-model.md; RFC 4954 §9.  Tests: password_authenticator_test.cpp
// Not here: the throttle's rules (accounts/login_throttle), the cache (accounts/verified_logins).
#include "runtime/password_authenticator.hpp"

#include <mutex>
#include <optional>
#include <variant>

#include "accounts/bounded_table.hpp"
#include "accounts/password.hpp"
#include "accounts/verified_logins.hpp"

namespace pb::runtime {
namespace {
using accounts::Account;
using smtp::server::SessionFacts;
constexpr std::size_t secret_octets = 32;
constexpr std::size_t open_logins_max = 20'000;

/// A login that the session has not told the end of yet.
struct OpenLogin {
  std::string user;
  std::string account;            // of a SCRAM exchange that may succeed
  std::optional<Duration> delay;  // set: it has failed, and this is how long its reply waits
};
}  // namespace

struct PasswordAuthenticator::Impl {
  Impl(std::shared_ptr<DirectorySnapshot const> accounts_of_now,
       std::shared_ptr<Argon2Pool> hashers, Clock const& time, Log& lines,
       PasswordAuthenticatorOptions const& options, Random& random)
      : directory{std::move(accounts_of_now)},
        pool{std::move(hashers)},
        clock{time},
        log{lines},
        fake_salt_secret{options.fake_salt_secret.empty() ? random.bytes(secret_octets)
                                                          : options.fake_salt_secret},
        throttle{options.throttle},
        verified{random.bytes(secret_octets)} {}

  std::shared_ptr<DirectorySnapshot const> const directory;
  std::shared_ptr<Argon2Pool> const pool;
  Clock const& clock;
  Log& log;
  std::string const fake_salt_secret;

  std::mutex mutex;  // guards what follows; never held while something is hashed or awaited
  accounts::LoginThrottle throttle;
  accounts::VerifiedLogins verified;
  accounts::BoundedTable<std::uint64_t, OpenLogin> open{open_logins_max};

  void write(std::string_view event, SessionFacts const& facts, std::string_view user,
             std::string_view why) const {
    log.info(event, {{"session", facts.session.text()},
                     {"peer", facts.peer.peer.address.text()},
                     {"user", std::string{user}},
                     {"why", std::string{why}}});
  }

  bool must_wait(SessionFacts const& facts, std::string const& user) {
    std::scoped_lock const lock{mutex};
    auto const gate = throttle.gate(facts.peer.peer.address, user, clock.now());
    return gate == accounts::LoginThrottle::Gate::later;
  }

  sasl::Answer deny(SessionFacts const& facts, std::string const& user, std::string_view why) {
    {
      std::scoped_lock const lock{mutex};
      OpenLogin& login = open.touch(facts.session.value);
      login = {user, {}, throttle.on_failure(facts.peer.peer.address, user, clock.now())};
    }
    write("login-failed", facts, user, why);
    return sasl::Denied{};
  }

  sasl::Answer grant(SessionFacts const& facts, std::string const& user,
                     std::string const& account) {
    {
      std::scoped_lock const lock{mutex};
      open.erase(facts.session.value);
      throttle.on_success(facts.peer.peer.address, user, account, clock.now());
    }
    write("login", facts, user, {});
    return sasl::Granted{account};
  }

  bool remembers(Account const& account, std::string const& password) {
    std::scoped_lock const lock{mutex};
    return verified.contains(account, password, clock.now());
  }
  void remember(Account const& account, std::string const& password) {
    std::scoped_lock const lock{mutex};
    verified.remember(account, password, clock.now());
  }

  asio::awaitable<sasl::Answer> check(sasl::PasswordCheck asked, SessionFacts const& facts) {
    if (must_wait(facts, asked.user)) {
      write("login-not-checked", facts, asked.user, "too many failures");
      co_return sasl::Unavailable{};
    }
    // Held over the wait: the account stays as it was when the question came.
    std::shared_ptr<accounts::Directory const> const now = directory->get();
    Account const* const account = now->by_login(asked.user);
    bool const usable = account != nullptr && !account->disabled && !account->password_hash.empty();
    if (usable && remembers(*account, asked.password)) {
      co_return grant(facts, asked.user, account->name);
    }
    // An unknown user costs the same time as a wrong password.
    std::string const hash = usable ? account->password_hash : std::string{};
    std::optional<bool> const right = co_await pool->run([hash, password = asked.password] {
      if (!hash.empty()) return accounts::password_is_right(hash, password);
      accounts::waste_a_check(password);
      return false;
    });
    if (!right) {
      write("login-not-checked", facts, asked.user, "too many logins at once");
      co_return sasl::Unavailable{};
    }
    if (!*right) {
      std::string_view const why = account == nullptr  ? "unknown user"
                                   : account->disabled ? "disabled"
                                                       : "wrong password";
      co_return deny(facts, asked.user, why);
    }
    remember(*account, asked.password);
    co_return grant(facts, asked.user, account->name);
  }

  sasl::Answer look_up(sasl::ScramLookup const& asked, SessionFacts const& facts) {
    if (must_wait(facts, asked.user)) {
      write("login-not-checked", facts, asked.user, "too many failures");
      return sasl::Unavailable{};
    }
    std::shared_ptr<accounts::Directory const> const now = directory->get();
    Account const* const account = now->by_login(asked.user);
    bool const usable = account != nullptr && !account->disabled && account->scram.has_value();
    {
      std::scoped_lock const lock{mutex};
      open.touch(facts.session.value) = {asked.user, usable ? account->name : "", std::nullopt};
    }
    if (usable) return sasl::ScramFound{account->name, *account->scram, true};
    return sasl::ScramFound{{}, accounts::fake_scram_keys(fake_salt_secret, asked.user), false};
  }

  /// The certificate is verified by TLS; its identity must be an account, and the wanted user too.
  sasl::Answer check(sasl::ExternalCheck const& asked, SessionFacts const& facts) {
    std::shared_ptr<accounts::Directory const> const now = directory->get();
    Account const* const account = now->by_login(asked.certificate_identity);
    Account const* const wanted = asked.user.empty() ? account : now->by_login(asked.user);
    if (account == nullptr || account->disabled || wanted != account) {
      return deny(facts, asked.certificate_identity, "certificate of no such account");
    }
    return grant(facts, asked.certificate_identity, account->name);
  }

  /// Everybody may in; the log tells what a real server would have done.
  sasl::Answer play(sasl::Question const& question, SessionFacts const& facts) {
    auto const* const check = std::get_if<sasl::PasswordCheck>(&question);
    if (check == nullptr) return sasl::Denied{};
    write("login", facts, check->user,
          facts.tls.active ? "sandbox: any password"
                           : "sandbox: any password; a real server wants TLS first");
    return sasl::Granted{check->user};
  }
};

PasswordAuthenticator::PasswordAuthenticator(std::shared_ptr<DirectorySnapshot const> directory,
                                             std::shared_ptr<Argon2Pool> pool, Clock const& clock,
                                             Random& random, Log& log,
                                             PasswordAuthenticatorOptions options)
    : impl_{std::make_unique<Impl>(std::move(directory), std::move(pool), clock, log, options,
                                   random)} {}
PasswordAuthenticator::~PasswordAuthenticator() = default;

asio::awaitable<sasl::Answer> PasswordAuthenticator::answer(sasl::Question question,
                                                            SessionFacts const& facts) {
  if (facts.sandbox) co_return impl_->play(question, facts);
  if (auto* const check = std::get_if<sasl::PasswordCheck>(&question)) {
    co_return co_await impl_->check(std::move(*check), facts);
  }
  if (auto const* const lookup = std::get_if<sasl::ScramLookup>(&question)) {
    co_return impl_->look_up(*lookup, facts);
  }
  co_return impl_->check(std::get<sasl::ExternalCheck>(question), facts);
}

Duration PasswordAuthenticator::failure_delay(SessionFacts const& facts) {
  std::optional<OpenLogin> failed;
  Duration delay{0};
  {
    std::scoped_lock const lock{impl_->mutex};
    OpenLogin const* const login = impl_->open.find(facts.session.value);
    if (login == nullptr || !facts.account.empty()) return delay;
    if (login->delay) {
      delay = *login->delay;
    } else {
      // A SCRAM exchange fails within the session, so this is where it is told.
      failed = *login;
      delay = impl_->throttle.on_failure(facts.peer.peer.address, login->user, impl_->clock.now());
    }
    impl_->open.erase(facts.session.value);
  }
  if (failed) {
    impl_->write("login-failed", facts, failed->user,
                 failed->account.empty() ? "unknown user" : "wrong password");
  }
  return delay;
}

void PasswordAuthenticator::logged_in(SessionFacts const& facts) {
  std::string user;
  {
    std::scoped_lock const lock{impl_->mutex};
    OpenLogin const* const login = impl_->open.find(facts.session.value);
    if (login == nullptr) return;
    user = login->user;
    bool const success = !login->delay && login->account == facts.account;
    impl_->open.erase(facts.session.value);
    if (!success) return;
    impl_->throttle.on_success(facts.peer.peer.address, user, facts.account, impl_->clock.now());
  }
  impl_->write("login", facts, user, {});
}

void PasswordAuthenticator::forget(std::string_view account) {
  std::scoped_lock const lock{impl_->mutex};
  impl_->verified.forget(account);
}
}  // namespace pb::runtime
