// verified_logins.cpp: see verified_logins.hpp.                    Spec: RFC 2104 (HMAC).
// Tests: verified_logins_test.cpp                                  Not here: clocks.
#include "accounts/verified_logins.hpp"

#include "base/check.hpp"
#include "sasl/scram.hpp"

namespace pb::accounts {
VerifiedLogins::VerifiedLogins(std::string key, std::size_t entries_max)
    : key_{std::move(key)}, entries_{entries_max} {
  PB_CHECK(key_.size() >= 32);
}

std::string VerifiedLogins::mac(Account const& account, std::string_view password) const {
  // Lengths part the fields, so that no two triples read the same.
  std::string text = std::to_string(account.name.size()) + ":" + account.name;
  text += std::to_string(account.password_hash.size()) + ":" + account.password_hash;
  text += std::to_string(account.credential_version) + ":";
  text += password;
  std::string made = sasl::scram::hmac(key_, text);
  text.assign(text.size(), '\0');
  return made;
}

bool VerifiedLogins::contains(Account const& account, std::string_view password,
                              Instant now) const {
  // The table is keyed by the HMAC: how long a look-up takes tells nothing without the key.
  Entry const* const entry = entries_.find(mac(account, password));
  return entry != nullptr && now < entry->until;
}

void VerifiedLogins::remember(Account const& account, std::string_view password, Instant now) {
  entries_.touch(mac(account, password)) = {account.name, now + verified_login_life};
}

void VerifiedLogins::forget(std::string_view account) {
  entries_.erase_if(
      [&](std::string const&, Entry const& entry) { return entry.account == account; });
}
}  // namespace pb::accounts
