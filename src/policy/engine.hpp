// engine.hpp: judge(): the verdict at each stage of a session, from facts alone.
// Spec: RFC 5321 §3.3, §7.9; RFC 6409 §3.1, §6.1; docs/reference/roles.md.  Tests: engine_test.cpp,
// open_relay_test.cpp. Not here: who answers questions (runtime/policy_judge), syntax (smtp/).
// Ask and replay: judge() gives a verdict, or a question. Whoever runs it finds the answer, adds it
// to the answers and calls again with the same facts. Pure, deterministic; asks each thing once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "accounts/directory.hpp"
#include "smtp/server/facts.hpp"
#include "smtp/server/step.hpp"

namespace pb::policy {
using smtp::server::SessionFacts;
using smtp::server::Stage;
using smtp::server::Verdict;

/// What the configuration and the accounts are at this moment; borrowed for the call.
struct PolicyWorld {
  accounts::Directory const& directory;
  /// Whether we made this address so that bounces come back (SRS). Null: none was made.
  std::function<bool(mail::Mailbox const&)> const* takes_bounces = nullptr;
  /// Whether a mail store is asked for the recipients of this domain of ours. Null: none is.
  std::function<bool(mail::Domain const&)> const* is_probed = nullptr;
};

/// How full is this account's mailbox? Asked only where it has a quota.
struct CapacityQuestion {
  std::string account;
  std::uint64_t quota_octets = 0;
  friend bool operator==(CapacityQuestion const&, CapacityQuestion const&) = default;
};
/// Does the mail store behind us take mail for this recipient? Asked only where it is the one who
/// knows (PolicyWorld::is_probed).
struct ProbeQuestion {
  mail::Mailbox mailbox;
};
using Question = std::variant<CapacityQuestion, ProbeQuestion>;

/// What has been answered so far.
struct Answers {
  std::map<std::string, bool, std::less<>> mailbox_full;  // by account
  std::optional<bool> recipient_exists{};                 // of the recipient being asked about
};

/// Total: every stage of every role has a verdict. In the sandbox everything is accepted, and the
/// verdict's rule says what a real server would have refused ("sandbox: relay_denied").
std::variant<Verdict, Question> judge(Stage stage, SessionFacts const& facts,
                                      PolicyWorld const& world, Answers const& answers);
}  // namespace pb::policy
