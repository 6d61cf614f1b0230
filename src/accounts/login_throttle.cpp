// login_throttle.cpp: see login_throttle.hpp for the rules.       Spec: RFC 4954 §9.
// Tests: login_throttle_test.cpp                                  Not here: clocks, waiting.
#include "accounts/login_throttle.hpp"

#include <algorithm>
#include <cmath>

#include "accounts/address_key.hpp"

namespace pb::accounts {
namespace {
std::string network_of(IpAddress const& peer) { return limit_network(peer).text(); }
/// A login name is what a stranger sends, so what is kept of it is bounded too.
std::string key_of(std::string_view login) { return login_key(login.substr(0, 320)); }
std::string pair_of(IpAddress const& peer, std::string_view login) {
  return network_of(peer) + ' ' + key_of(login);
}
}  // namespace

LoginThrottle::LoginThrottle(ThrottleLimits limits)
    : limits_{limits},
      networks_{limits.networks_max},
      accounts_{limits.accounts_max},
      known_{limits.known_max} {}

double LoginThrottle::failures_at(Count const* count, Instant now) const {
  if (count == nullptr) return 0;
  double const passed = static_cast<double>(std::max(now - count->at, Duration{0}).count());
  return count->failures * std::exp2(-passed / static_cast<double>(limits_.half_life.count()));
}

double LoginThrottle::add_failure(Count& count, Instant now) const {
  count.failures = failures_at(&count, now) + 1;
  count.at = now;
  return count.failures;
}

bool LoginThrottle::is_known(IpAddress const& peer, std::string_view login, Instant now) const {
  Instant const* const last = known_.find(pair_of(peer, login));
  return last != nullptr && now - *last < limits_.known_for;
}

LoginThrottle::Gate LoginThrottle::gate(IpAddress const& peer, std::string_view login,
                                        Instant now) const {
  if (is_known(peer, login, now)) return Gate::check;
  bool const network_guesses =
      failures_at(networks_.find(network_of(peer)), now) >= limits_.network_failures_max;
  bool const account_is_guessed =
      failures_at(accounts_.find(key_of(login)), now) >= limits_.account_failures_max;
  return network_guesses || account_is_guessed ? Gate::later : Gate::check;
}

void LoginThrottle::on_success(IpAddress const& peer, std::string_view login,
                               std::string_view account, Instant now) {
  known_.touch(pair_of(peer, login)) = now;
  if (key_of(account) != key_of(login)) known_.touch(pair_of(peer, account)) = now;
}

Duration LoginThrottle::on_failure(IpAddress const& peer, std::string_view login, Instant now) {
  bool const known = is_known(peer, login, now);
  double const by_network = add_failure(networks_.touch(network_of(peer)), now);
  // Slips at a known address do not slow the account down elsewhere.
  double const by_account = known ? 0 : add_failure(accounts_.touch(key_of(login)), now);
  double const doublings = std::clamp(std::max(by_network, by_account) - 1, 0.0, 20.0);
  double const wait = static_cast<double>(limits_.first_delay.count()) * std::exp2(doublings);
  Duration const most = known ? limits_.known_delay_max : limits_.delay_max;
  return std::min(most, Duration{static_cast<Duration::rep>(wait)});
}

std::size_t LoginThrottle::size() const {
  return networks_.size() + accounts_.size() + known_.size();
}
}  // namespace pb::accounts
