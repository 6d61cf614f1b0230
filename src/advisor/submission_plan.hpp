// submission_plan.hpp: which ports a message is offered to, in which order, and when to stop.
// Spec: docs/reference/command-line.md; RFC 8314 §3.3; RFC 5321 §4.1.1.4 and RFC 1047 (duplicates).
// Tests: submission_plan_test.cpp             Not here: connecting (runtime/submitter).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisor/ports.hpp"
#include "advisor/providers.hpp"
#include "smtp/client/transaction.hpp"

namespace pb::advisor {
/// One way into a server. `security` none: in the clear, only to this computer and without login.
struct Way {
  std::uint16_t port = 0;
  Security security = Security::starttls;
  friend bool operator==(Way const&, Way const&) = default;
};
/// "587/starttls", "465/tls"; "10465/tls" for a port of one's own; "587": what the table says.
std::optional<Way> parse_way(std::string_view text);
/// "587/starttls", as parse_way() reads it.
std::string text_of(Way const& way);

/// In the order of preference; only what the provider offers, when it is known. `remembered`, what
/// worked last from this network, comes first. None is less secure than another: all are encrypted
/// and verified.
std::vector<Way> ways_to(Provider const* provider, Preference preference,
                         std::optional<Way> remembered);

/// May the message be offered to the next way? Only when the server cannot have seen any of it, and
/// when another try cannot harm: not after a refused login, which counts towards a lock.
bool may_try_another_way(smtp::client::Transcript const& transcript);

/// What became of the message, of the last way that was tried.
enum class Sent : std::uint8_t {
  all,        // every recipient was accepted
  some,       // some were refused for good or for now
  refused,    // nobody got it, and trying again will not help
  not_yet,    // nobody got it, and trying again may help
  danger,     // nothing was sent: the connection was not safe
  login,      // nothing was sent: the server did not let us in
  uncertain,  // sent to its end, no reply: sending again may make a duplicate
};
std::string_view name(Sent sent);
Sent judge_sending(smtp::client::Transcript const& transcript);
}  // namespace pb::advisor
