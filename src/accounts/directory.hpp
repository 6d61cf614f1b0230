// directory.hpp: who has a mailbox here, and which addresses an account owns: one immutable value.
// Spec: RFC 6409 §6.1 (ownership), RFC 5321 §4.5.1 (postmaster), RFC 2142 (abuse).
// Not here: passwords in transit (sasl/), persistence (runtime/rocks_store), verdicts (policy/).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/address.hpp"
#include "sasl/server.hpp"

namespace pb::accounts {
/// As persisted (JSON, versioned, in record.hpp).
struct Account {
  std::string name;                      // canonical, lower case: usually its address
  std::string password_hash;             // argon2id PHC string; empty: no password
  std::optional<sasl::ScramKeys> scram;  // absent with --no-scram
  std::vector<std::string> aliases;      // addresses it receives and owns
  std::vector<std::string> allowed;      // further owned senders: "addr", "*@domain", "*"
  std::uint64_t credential_version = 1;  // changes with the password: empties the login cache
  std::uint64_t quota_octets = 0;        // 0: none
  bool disabled = false;
};

/// What the configuration says of one of our domains.
struct DomainRules {
  std::string name;                            // key form
  std::string catch_all;                       // account; empty: none
  std::map<std::string, std::string> aliases;  // local part -> account or address
  bool plus_addressing = true;
  bool any_recipient = false;  // sandbox, or recipients = "any"
};

/// Who gets mail for postmaster and abuse where nobody is named: a mailbox without an account.
inline constexpr std::string_view postmaster_mailbox = "postmaster";

enum class RecipientState : std::uint8_t { known, unknown, full, not_ours };
struct RecipientAnswer {
  RecipientState state = RecipientState::not_ours;
  std::string account;     // who gets it; empty: nobody in particular (any_recipient)
  bool listed = false;     // by its own address or alias, not by a catch-all or any_recipient
  std::string suggestion;  // left empty here: see Directory::suggestion()
};

class Directory {
 public:
  /// `postmaster`: the account or address that gets what is for postmaster and abuse where they are
  /// nobody else's; empty: the mailbox `postmaster` of the domain, which needs no account.
  Directory(std::vector<Account> accounts, std::vector<DomainRules> domains, std::string hostname,
            std::string postmaster = {});
  ~Directory();
  [[nodiscard]] bool is_our_domain(mail::Domain const& domain) const;
  /// Never `full`: what is used of a quota is a fact of the store, which policy asks for.
  /// postmaster and abuse are known at our domains and at the server's own name, postmaster also
  /// without a domain (RFC 5321 §4.5.1, RFC 2142).
  [[nodiscard]] RecipientAnswer recipient(mail::Mailbox const& mailbox) const;
  /// It leads to an account by its own address, or stands in the list of recipients: no alias,
  /// detail or catch-all is looked at. All of a domain that takes any recipient do.
  [[nodiscard]] bool has_mailbox(mail::Mailbox const& mailbox) const;
  /// A known address of the same domain, at most two typing slips away; empty: none. Only for
  /// people who have logged in: strangers would learn addresses from it. Looks at 5,000 at most.
  [[nodiscard]] std::string suggestion(mail::Mailbox const& mailbox) const;
  /// True when the account may use this address as reverse-path or From.
  [[nodiscard]] bool owns(std::string_view account, mail::Mailbox const& address) const;
  /// By login name (account name, or one of its addresses), no case; nullptr: unknown.
  [[nodiscard]] Account const* by_login(std::string_view user) const;
  [[nodiscard]] std::vector<Account> const& accounts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl const> impl_;
};
}  // namespace pb::accounts
