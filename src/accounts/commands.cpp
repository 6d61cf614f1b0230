// commands.cpp: see commands.hpp.                          Spec: docs/threat-model.md, RFC 6409
// §6.1.
// Tests: commands_test.cpp                                 Not here: the store.
#include "accounts/commands.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "accounts/address_key.hpp"
#include "accounts/record.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/nearest.hpp"

namespace pb::accounts {
namespace {
std::unexpected<CommandError> problem(CommandProblem kind, std::string message) {
  return std::unexpected{CommandError{kind, std::move(message)}};
}
std::string shown(std::string_view text) { return escape_for_display(text, 320); }

/// A login without a mailbox: "printer", "shop-1". Nothing that a shell or a log must quote.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && ascii::is_alnum(name.front()) &&
         std::ranges::all_of(
             name, [](char c) { return ascii::is_alnum(c) || c == '.' || c == '-' || c == '_'; });
}

std::optional<std::string> address_of(std::string_view text) {
  auto const mailbox = mail::parse_mailbox(text, mail::Utf8::allow);
  if (!mailbox || mailbox->domain.is_literal()) return std::nullopt;
  return address_key(*mailbox);
}

/// "addr", "*@domain" or "*" in the form that is kept; nothing when it is none of them.
std::optional<std::string> pattern_of(std::string_view text) {
  if (text == "*") return "*";
  if (!text.starts_with("*@")) return address_of(text);
  auto const domain = mail::parse_domain(text.substr(2), mail::Utf8::allow);
  if (!domain || domain->is_literal()) return std::nullopt;
  return "*@" + domain->key();
}

Account const* find(Records const& records, std::string_view name) {
  std::string const key = login_key(name);
  auto const found = std::ranges::find_if(
      records, [&](Account const& account) { return login_key(account.name) == key; });
  return found == records.end() ? nullptr : &*found;
}

std::unexpected<CommandError> no_such_account(Records const& records, std::string_view name) {
  std::vector<std::string_view> names;
  for (Account const& account : records) names.emplace_back(account.name);
  std::string message = fmt::format("there is no account {}", shown(name));
  if (auto const near = nearest(name, names); near) {
    message += fmt::format("; did you mean {}?", *near);
  } else {
    message += "; `packetboat user list` shows all";
  }
  return problem(CommandProblem::unknown_account, std::move(message));
}

/// The account that this address leads to already, by name or alias.
Account const* holder(Records const& records, std::string const& key) {
  auto const leads = [&](Account const& account) {
    return login_key(account.name) == key ||
           (std::ranges::find(account.aliases, key) != account.aliases.end());
  };
  auto const found = std::ranges::find_if(records, leads);
  return found == records.end() ? nullptr : &*found;
}

bool is_ours(std::string const& key, std::vector<std::string> const& our_domains) {
  if (our_domains.empty()) return true;
  std::string const domain = key.substr(key.rfind('@') + 1);
  return std::ranges::any_of(
      our_domains, [&](std::string const& ours) { return mail::Domain{ours}.key() == domain; });
}
}  // namespace

Changed add_account(Records const& records, AddRequest request) {
  auto const address = address_of(request.name);
  if (!address && !is_plain_name(request.name)) {
    return problem(CommandProblem::bad_name,
                   fmt::format("{} is neither an address (ada@example.org) nor a plain name "
                               "(letters, digits, '.', '-', '_')",
                               shown(request.name)));
  }
  std::string const name = address ? *address : ascii::to_lower(request.name);
  if (Account const* const taken = holder(records, name); taken != nullptr) {
    std::string const how = taken->name == name ? "exists" : "is an alias of " + taken->name;
    return problem(CommandProblem::exists, fmt::format("{} {} already", name, how));
  }
  if (address && !is_ours(name, request.our_domains)) {
    std::string const domain = name.substr(name.rfind('@') + 1);
    return problem(CommandProblem::not_our_domain,
                   fmt::format("{0} is none of our domains, so mail to {1} would not arrive here; "
                               "add [[domain]] name = \"{0}\" to the configuration",
                               domain, name));
  }
  Account account;
  account.name = name;
  account.password_hash = std::move(request.credentials.password_hash);
  account.scram = std::move(request.credentials.scram);
  account.quota_octets = request.quota_octets;
  std::string message = fmt::format("added {}", name);
  if (!address) {
    message += "; it owns no address yet: `packetboat user allow " + name + " '*@example.org'`";
  }
  return Change{std::move(account), {}, std::move(message), false};
}

Changed set_password(Records const& records, std::string_view name, Credentials credentials) {
  Account const* const found = find(records, name);
  if (found == nullptr) return no_such_account(records, name);
  Account account = *found;
  account.password_hash = std::move(credentials.password_hash);
  account.scram = std::move(credentials.scram);
  ++account.credential_version;
  std::string message = fmt::format("changed the password of {}", account.name);
  return Change{std::move(account), {}, std::move(message), true};
}

Scram scram_of(Records const& records, std::string_view name) {
  Account const* const found = find(records, name);
  return found != nullptr && !found->scram ? Scram::without : Scram::with;
}

Changed remove_account(Records const& records, std::string_view name) {
  Account const* const found = find(records, name);
  if (found == nullptr) return no_such_account(records, name);
  return Change{{}, found->name, fmt::format("removed {}", found->name), true};
}

Changed add_alias(Records const& records, std::string_view name, std::string_view address) {
  Account const* const found = find(records, name);
  if (found == nullptr) return no_such_account(records, name);
  auto const key = address_of(address);
  if (!key) {
    return problem(CommandProblem::bad_address, fmt::format("{} is no address", shown(address)));
  }
  if (Account const* const taken = holder(records, *key); taken != nullptr) {
    return problem(CommandProblem::exists,
                   fmt::format("{} leads to {} already", *key, taken->name));
  }
  if (found->aliases.size() >= record_addresses_max) {
    return problem(CommandProblem::too_many, fmt::format("{} has too many aliases", found->name));
  }
  Account account = *found;
  account.aliases.push_back(*key);
  std::string message = fmt::format("mail to {} goes to {}", *key, account.name);
  return Change{std::move(account), {}, std::move(message), false};
}

Changed remove_alias(Records const& records, std::string_view name, std::string_view address) {
  Account const* const found = find(records, name);
  if (found == nullptr) return no_such_account(records, name);
  Account account = *found;
  if (std::erase(account.aliases, login_key(address)) == 0) {
    return problem(CommandProblem::unknown_address,
                   fmt::format("{} is no alias of {}", shown(address), account.name));
  }
  std::string message = fmt::format("{} leads to {} no more", login_key(address), account.name);
  return Change{std::move(account), {}, std::move(message), false};
}

Changed allow_sender(Records const& records, std::string_view name, std::string_view pattern) {
  Account const* const found = find(records, name);
  if (found == nullptr) return no_such_account(records, name);
  auto const kept = pattern_of(pattern);
  if (!kept) {
    return problem(
        CommandProblem::bad_pattern,
        fmt::format("{} is neither an address, nor '*@domain', nor '*'", shown(pattern)));
  }
  if ((std::ranges::find(found->allowed, *kept) != found->allowed.end())) {
    return problem(CommandProblem::exists,
                   fmt::format("{} may send as {} already", found->name, *kept));
  }
  if (found->allowed.size() >= record_addresses_max) {
    return problem(CommandProblem::too_many, fmt::format("{} has too many", found->name));
  }
  Account account = *found;
  account.allowed.push_back(*kept);
  std::string const what = *kept == "*" ? "any address" : *kept;
  std::string message = fmt::format("{} may send as {}", account.name, what);
  return Change{std::move(account), {}, std::move(message), false};
}

Changed disallow_sender(Records const& records, std::string_view name, std::string_view pattern) {
  Account const* const found = find(records, name);
  if (found == nullptr) return no_such_account(records, name);
  auto const kept = pattern_of(pattern);
  Account account = *found;
  if (!kept || std::erase(account.allowed, *kept) == 0) {
    return problem(CommandProblem::unknown_address,
                   fmt::format("{} was not allowed to send as {}", account.name, shown(pattern)));
  }
  std::string message = fmt::format("{} may send as {} no more", account.name, *kept);
  return Change{std::move(account), {}, std::move(message), false};
}

std::vector<AccountSummary> list_accounts(Records const& records) {
  std::vector<AccountSummary> rows;
  for (Account const& account : records) {
    rows.push_back({account.name, account.aliases, account.allowed, account.scram.has_value(),
                    account.disabled, account.quota_octets});
  }
  std::ranges::sort(rows, {}, &AccountSummary::name);
  return rows;
}
}  // namespace pb::accounts
