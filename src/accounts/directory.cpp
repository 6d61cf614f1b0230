// directory.cpp: the look-up tables of the directory, built once.
// Spec: RFC 5321 §4.5.1 (postmaster), RFC 2142 §5 (abuse), RFC 5233 §1 (subaddress by "+").
// Tests: directory_test.cpp                                 Not here: verdicts (policy/).
#include "accounts/directory.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "accounts/address_key.hpp"
#include "base/ascii.hpp"
#include "base/nearest.hpp"

namespace pb::accounts {
namespace {
constexpr std::size_t suggestion_looks_max = 5'000;
constexpr std::size_t slips_max = 2;
constexpr std::array<std::string_view, 2> always_known{"postmaster", "abuse"};

bool is_always_known(std::string_view local_part) {
  return std::ranges::any_of(
      always_known, [&](std::string_view name) { return ascii::iequals(local_part, name); });
}

/// "user+detail" -> "user"; empty: there is no detail, or nothing before it.
std::string_view without_detail(std::string_view local_part) {
  auto const plus = local_part.find('+');
  return plus == std::string_view::npos ? std::string_view{} : local_part.substr(0, plus);
}

/// A configuration may spell a domain with capitals or as U-labels.
std::string domain_key(std::string const& text) { return mail::Domain{text}.key(); }
}  // namespace

struct Directory::Impl {
  /// What an account may send as, beyond the addresses that lead to it.
  struct Allowed {
    std::unordered_set<std::string> addresses;
    std::unordered_set<std::string> domains;
    bool anything = false;
  };

  std::vector<Account> accounts;
  std::unordered_map<std::string, DomainRules> domains;
  std::string hostname;
  std::string postmaster;
  std::unordered_map<std::string, std::size_t> by_name;                   // login key -> index
  std::unordered_map<std::string, std::size_t> by_address;                // address key -> index
  std::unordered_map<std::string, std::vector<std::string>> local_parts;  // of each domain
  std::vector<Allowed> allowed;                                           // by index

  void add_address(std::string const& address, std::size_t index) {
    std::string const key = login_key(address);
    auto const at = key.rfind('@');
    if (at == std::string::npos) return;  // a login without a mailbox
    if (!by_address.emplace(key, index).second) return;
    local_parts[key.substr(at + 1)].push_back(key.substr(0, at));
  }

  void add_allowed(std::string const& text, std::size_t index) {
    Allowed& of_account = allowed[index];
    if (text == "*") {
      of_account.anything = true;
    } else if (text.starts_with("*@")) {
      of_account.domains.insert(domain_key(text.substr(2)));
    } else {
      of_account.addresses.insert(login_key(text));
    }
  }

  [[nodiscard]] DomainRules const* rules_of(std::string const& domain) const {
    auto const found = domains.find(domain);
    return found == domains.end() ? nullptr : &found->second;
  }

  /// Index of the account that this name leads to, by name or by address.
  [[nodiscard]] std::optional<std::size_t> find(std::string const& key) const {
    if (auto const found = by_name.find(key); found != by_name.end()) return found->second;
    if (auto const found = by_address.find(key); found != by_address.end()) return found->second;
    return std::nullopt;
  }

  /// The account name that a target of the configuration leads to; an address elsewhere stays.
  [[nodiscard]] std::string resolve(std::string const& target) const {
    auto const index = find(login_key(target));
    return index ? accounts[*index].name : target;
  }

  /// Who gets what is for postmaster or abuse and has no mailbox of its own.
  [[nodiscard]] std::string required() const {
    return postmaster.empty() ? std::string{postmaster_mailbox} : resolve(postmaster);
  }

  /// Who gets `local_part` (lower case) at our domain, without details and catch-all.
  [[nodiscard]] std::optional<std::string> exactly(DomainRules const& rules,
                                                   std::string const& local_part) const {
    auto const found = by_address.find(local_part + "@" + rules.name);
    if (found != by_address.end()) return accounts[found->second].name;
    auto const alias = rules.aliases.find(local_part);
    if (alias != rules.aliases.end()) return resolve(alias->second);
    return std::nullopt;
  }

  /// As exactly(), then once more without the detail behind "+".
  [[nodiscard]] std::optional<std::string> receiver(DomainRules const& rules,
                                                    std::string const& local_part) const {
    if (auto found = exactly(rules, local_part); found) return found;
    std::string_view const plain = without_detail(local_part);
    if (!rules.plus_addressing || plain.empty()) return std::nullopt;
    return exactly(rules, std::string{plain});
  }
};

Directory::Directory(std::vector<Account> accounts, std::vector<DomainRules> domains,
                     std::string hostname, std::string postmaster) {
  auto impl = std::make_unique<Impl>();
  impl->postmaster = std::move(postmaster);
  impl->hostname = domain_key(hostname);
  for (DomainRules& rules : domains) {
    rules.name = domain_key(rules.name);
    std::map<std::string, std::string> lower;
    for (auto& [local_part, target] : rules.aliases) lower[ascii::to_lower(local_part)] = target;
    rules.aliases = std::move(lower);
    std::string const key = rules.name;
    impl->domains.emplace(key, std::move(rules));
  }
  impl->accounts = std::move(accounts);
  impl->allowed.resize(impl->accounts.size());
  // Names before aliases: an account's own name wins over another account's alias.
  for (std::size_t i = 0; i < impl->accounts.size(); ++i) {
    impl->by_name.emplace(login_key(impl->accounts[i].name), i);
    impl->add_address(impl->accounts[i].name, i);
  }
  for (std::size_t i = 0; i < impl->accounts.size(); ++i) {
    for (std::string const& alias : impl->accounts[i].aliases) impl->add_address(alias, i);
    for (std::string const& text : impl->accounts[i].allowed) impl->add_allowed(text, i);
  }
  impl_ = std::move(impl);
}

Directory::~Directory() = default;

bool Directory::is_our_domain(mail::Domain const& domain) const {
  return !domain.text.empty() && impl_->rules_of(domain.key()) != nullptr;
}

RecipientAnswer Directory::recipient(mail::Mailbox const& mailbox) const {
  std::string const local_part = ascii::to_lower(mailbox.local_part);
  std::string const domain = mailbox.domain.key();
  DomainRules const* const rules = impl_->rules_of(domain.empty() ? impl_->hostname : domain);
  if (rules == nullptr) {
    // "<Postmaster>" must work even where the server's own name is no mail domain (§4.5.1).
    bool const at_home = domain.empty() || domain == impl_->hostname;
    bool const known = at_home && (domain.empty() ? local_part == always_known.front()
                                                  : is_always_known(local_part));
    if (!known) return {};
    return {RecipientState::known, impl_->required(), true, {}};
  }
  if (auto account = impl_->receiver(*rules, local_part); account) {
    return {RecipientState::known, std::move(*account), true, {}};
  }
  if (rules->any_recipient) return {RecipientState::known, {}, false, {}};
  if (!rules->catch_all.empty()) {
    return {RecipientState::known, impl_->resolve(rules->catch_all), false, {}};
  }
  if (is_always_known(local_part)) return {RecipientState::known, impl_->required(), true, {}};
  return {RecipientState::unknown, {}, false, {}};
}

bool Directory::has_mailbox(mail::Mailbox const& mailbox) const {
  DomainRules const* const rules = impl_->rules_of(mailbox.domain.key());
  if (rules == nullptr) return false;
  std::string const key = address_key(mailbox);
  if (rules->any_recipient || impl_->by_address.contains(key)) return true;
  auto const listed = rules->aliases.find(ascii::to_lower(mailbox.local_part));
  return listed != rules->aliases.end() && login_key(listed->second) == key;
}

std::string Directory::suggestion(mail::Mailbox const& mailbox) const {
  std::string const domain = mailbox.domain.key();
  if (impl_->rules_of(domain) == nullptr) return {};
  std::string const wanted = ascii::to_lower(mailbox.local_part);
  auto const known = impl_->local_parts.find(domain);
  if (known == impl_->local_parts.end()) return {};
  std::size_t least = slips_max + 1;
  std::string best;
  std::size_t const looks = std::min(known->second.size(), suggestion_looks_max);
  for (std::size_t i = 0; i < looks; ++i) {
    std::string const& candidate = known->second[i];
    std::size_t const longer = std::max(wanted.size(), candidate.size());
    if (longer - std::min(wanted.size(), candidate.size()) > slips_max) continue;
    std::size_t const distance = edit_distance(wanted, candidate);
    // Of a short name two slips leave nothing: "al" is not near "bo".
    if (distance >= least || distance * 2 >= candidate.size()) continue;
    least = distance;
    best = candidate;
  }
  return best.empty() ? std::string{} : best + "@" + domain;
}

bool Directory::owns(std::string_view account, mail::Mailbox const& address) const {
  auto const found = impl_->by_name.find(login_key(account));
  if (found == impl_->by_name.end()) return false;
  Account const& owner = impl_->accounts[found->second];
  if (owner.disabled) return false;
  Impl::Allowed const& allowed = impl_->allowed[found->second];
  if (allowed.anything) return true;
  std::string const domain = address.domain.key();
  std::string const key = address_key(address);
  if (allowed.domains.contains(domain) || allowed.addresses.contains(key)) return true;
  if (auto const by_address = impl_->by_address.find(key); by_address != impl_->by_address.end()) {
    return by_address->second == found->second;
  }
  DomainRules const* const rules = impl_->rules_of(domain);
  if (rules == nullptr) return false;
  auto const receiver = impl_->receiver(*rules, ascii::to_lower(address.local_part));
  return receiver && *receiver == owner.name;
}

Account const* Directory::by_login(std::string_view user) const {
  auto const index = impl_->find(login_key(user));
  return index ? &impl_->accounts[*index] : nullptr;
}

std::vector<Account> const& Directory::accounts() const { return impl_->accounts; }
}  // namespace pb::accounts
