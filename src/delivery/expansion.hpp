// expansion.hpp: whom a message that was accepted goes to in the end: aliases, catch-all, SRS.
// Spec: docs/reference/configuration.md (domain.aliases, delivery.srs_secret); RFC 5321 §3.9.1;
// RFC 3461 §5.2.7 (DSN parameters of aliases).                        Tests: expansion_test.cpp
// Not here: one domain's rules (aliases.hpp), the rewritten address itself (srs.hpp).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "delivery/aliases.hpp"
#include "mail/envelope.hpp"
#include "queue/lease.hpp"

namespace pb::delivery {
/// What the configuration says of one of our domains.
struct ExpansionRules {
  AliasTable aliases;
  std::string catch_all;  // an account or an address; empty: none
  bool plus_addressing = true;
};

/// Immutable, shared.
struct Expansion {
  std::map<std::string, ExpansionRules, std::less<>> domains;  // ours, key form
  /// Account or address for postmaster and abuse where they are nobody else's; empty: they stay, at
  /// the domain where they were named.
  std::string postmaster;
  std::string hostname;    // key form: postmaster there and without a domain is of `home`
  std::string home;        // the first of our domains, as written; empty: there is none
  std::string srs_secret;  // empty: no reverse-path is rewritten
  /// Whether an account or the list of recipients has this address: not an alias, not a catch-all.
  std::function<bool(mail::Mailbox const&)> has_mailbox;
  /// An address of the account with this name; empty text: there is no such account.
  std::function<std::string(std::string const& account)> address_of;
};

inline constexpr std::size_t expanded_recipients_max = 10'000;  // of one message

struct Expanded {
  std::vector<mail::ForwardPath> forward_paths;  // each address once, at least one
  std::vector<queue::Forwarded> forwarded;       // by ascending recipient
};
/// A recipient without a rule stays. What an alias leads to keeps the NOTIFY and ORCPT of the
/// recipient named; when there is no ORCPT, the address named becomes it. Mail for others that
/// goes out again carries a reverse-path of ours. Cut at expanded_recipients_max: who is behind
/// that is not expanded.
Expanded expand(mail::Envelope const& envelope, Expansion const& expansion, Instant now);

/// Some recipient is in none of our domains once all rules were followed.
bool leads_elsewhere(mail::Envelope const& envelope, Expansion const& expansion, Instant now);

/// An address that we once made for bounces (SRS), and that still holds.
bool takes_bounces(mail::Mailbox const& mailbox, Expansion const& expansion, Instant now);
}  // namespace pb::delivery
