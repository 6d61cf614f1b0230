// commands.hpp: what `packetboat user ...` does to account records, as values.
// Spec: docs/threat-model.md (add, list, passwd, remove, alias, allow); RFC 6409 §6.1 (ownership).
// Tests: commands_test.cpp       Not here: the store (store.hpp), the command line (cli/), hashing
// in a pool (the caller makes Credentials, password.hpp).
// Both ways to run a command, through the admin socket and on the store itself, call these, so that
// both give the same result and the same words.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/directory.hpp"
#include "accounts/password.hpp"

namespace pb::accounts {
enum class CommandProblem : std::uint8_t {
  bad_name,     // neither an address nor a plain login name
  bad_address,  // not an address
  bad_pattern,  // not "addr", "*@domain" or "*"
  exists,       // the name or address is taken
  unknown_account,
  unknown_address,  // the alias or pattern to remove is not there
  not_our_domain,   // mail for it would never arrive here: the configuration lacks the domain
  too_many,         // record_addresses_max
};
struct CommandError {
  CommandProblem problem{};
  std::string message;  // one sentence in English, with what to do; names are escaped
};

/// What is to be written, and one sentence that says what happened.
struct Change {
  std::optional<Account> put;
  std::optional<std::string> remove;  // the record's name
  std::string message;
  /// The login cache must forget this account (passwd, remove).
  bool forget_logins = false;
};
using Changed = std::expected<Change, CommandError>;
using Records = std::vector<Account>;

struct AddRequest {
  std::string name;  // an address, or a plain name for a service without a mailbox
  Credentials credentials;
  std::uint64_t quota_octets = 0;        // 0: none
  std::vector<std::string> our_domains;  // configured; empty: not known here, not checked
};
Changed add_account(Records const& records, AddRequest request);
Changed set_password(Records const& records, std::string_view name, Credentials credentials);
/// What `passwd` keeps: an account added with --no-scram stays without, unless the caller says so.
Scram scram_of(Records const& records, std::string_view name);
Changed remove_account(Records const& records, std::string_view name);
Changed add_alias(Records const& records, std::string_view name, std::string_view address);
Changed remove_alias(Records const& records, std::string_view name, std::string_view address);
/// `pattern`: "addr", "*@domain" or "*".
Changed allow_sender(Records const& records, std::string_view name, std::string_view pattern);
Changed disallow_sender(Records const& records, std::string_view name, std::string_view pattern);

/// A row of `user list`: nothing secret.
struct AccountSummary {
  std::string name;
  std::vector<std::string> aliases;
  std::vector<std::string> allowed;
  bool has_scram = false;
  bool disabled = false;
  std::uint64_t quota_octets = 0;
};
/// In the order of names.
std::vector<AccountSummary> list_accounts(Records const& records);
}  // namespace pb::accounts
