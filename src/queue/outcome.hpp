// outcome.hpp: what became of one recipient in one attempt, and why: a closed list of reasons.
// Spec: RFC 3463 (status), RFC 5321 §4.2 (reply), RFC 3464 §2.3 (what a report will need).
// Not here: reading a remote reply (delivery/classify), the states that follow (message_state.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "smtp/reply.hpp"

namespace pb::queue {
/// Why a recipient was deferred or bounced. THE NUMBERS ARE STORED: never change or reuse one.
enum class Reason : std::uint8_t {
  none = 0,
  // The network on the way to the next hop.
  connect_failed = 1,
  connect_timeout = 2,
  connection_lost = 3,
  remote_timeout = 4,
  remote_garbage = 5,  // not a reply (RFC 5321 §4.2)
  tls_failed = 6,
  outcome_unknown = 7,  // no reply behind the end of data: the message may arrive twice
  // What the next hop said.
  greeting_refused = 10,  // 4xx or 5xx to the greeting or EHLO
  service_closing = 11,   // 421
  remote_deferred = 12,   // any other 4xx
  remote_refused = 13,    // 5xx
  too_many_recipients = 14,
  // The DNS.
  dns_failed = 20,  // SERVFAIL or REFUSED
  dns_timeout = 21,
  dns_bogus = 22,
  domain_not_found = 23,
  null_mx = 24,  // RFC 7505
  no_address = 25,
  mail_loop = 26,
  too_many_hops = 27,
  // What the message needs and the next hop lacks.
  eight_bit_unsupported = 30,
  utf8_address_unsupported = 31,
  utf8_header_unsupported = 32,
  message_too_large = 33,
  // Our own side: an operator can mend it; never a bounce by itself.
  local_fault = 40,
  no_route = 41,
  credentials_refused = 42,  // 535, 534 of a smarthost
  untrusted_certificate = 43,
  policy_tls_required = 44,  // MTA-STS, DANE, REQUIRETLS
  store_fault = 45,
  // A local destination.
  mailbox_unknown = 50,
  mailbox_full = 51,
  rejected_by_rule = 52,
  // The queue itself.
  expired = 60,
  deliver_by_passed = 61,
  bounced_by_admin = 62,
  held_by_admin = 63,
  held_by_rule = 64,
  crashed_in_flight = 65,  // held: three crashes while it was being delivered
  site_busy = 66,          // given back unattempted
  site_down = 67,          // given back unattempted: the site is being probed
  shutting_down = 68,
};

/// Every reason with its name in logs, JSON and the journal.
struct ReasonName {
  Reason reason;
  std::string_view name;
};
inline constexpr std::array reason_names{
    ReasonName{Reason::none, "none"},
    ReasonName{Reason::connect_failed, "connect_failed"},
    ReasonName{Reason::connect_timeout, "connect_timeout"},
    ReasonName{Reason::connection_lost, "connection_lost"},
    ReasonName{Reason::remote_timeout, "remote_timeout"},
    ReasonName{Reason::remote_garbage, "remote_garbage"},
    ReasonName{Reason::tls_failed, "tls_failed"},
    ReasonName{Reason::outcome_unknown, "outcome_unknown"},
    ReasonName{Reason::greeting_refused, "greeting_refused"},
    ReasonName{Reason::service_closing, "service_closing"},
    ReasonName{Reason::remote_deferred, "remote_deferred"},
    ReasonName{Reason::remote_refused, "remote_refused"},
    ReasonName{Reason::too_many_recipients, "too_many_recipients"},
    ReasonName{Reason::dns_failed, "dns_failed"},
    ReasonName{Reason::dns_timeout, "dns_timeout"},
    ReasonName{Reason::dns_bogus, "dns_bogus"},
    ReasonName{Reason::domain_not_found, "domain_not_found"},
    ReasonName{Reason::null_mx, "null_mx"},
    ReasonName{Reason::no_address, "no_address"},
    ReasonName{Reason::mail_loop, "mail_loop"},
    ReasonName{Reason::too_many_hops, "too_many_hops"},
    ReasonName{Reason::eight_bit_unsupported, "eight_bit_unsupported"},
    ReasonName{Reason::utf8_address_unsupported, "utf8_address_unsupported"},
    ReasonName{Reason::utf8_header_unsupported, "utf8_header_unsupported"},
    ReasonName{Reason::message_too_large, "message_too_large"},
    ReasonName{Reason::local_fault, "local_fault"},
    ReasonName{Reason::no_route, "no_route"},
    ReasonName{Reason::credentials_refused, "credentials_refused"},
    ReasonName{Reason::untrusted_certificate, "untrusted_certificate"},
    ReasonName{Reason::policy_tls_required, "policy_tls_required"},
    ReasonName{Reason::store_fault, "store_fault"},
    ReasonName{Reason::mailbox_unknown, "mailbox_unknown"},
    ReasonName{Reason::mailbox_full, "mailbox_full"},
    ReasonName{Reason::rejected_by_rule, "rejected_by_rule"},
    ReasonName{Reason::expired, "expired"},
    ReasonName{Reason::deliver_by_passed, "deliver_by_passed"},
    ReasonName{Reason::bounced_by_admin, "bounced_by_admin"},
    ReasonName{Reason::held_by_admin, "held_by_admin"},
    ReasonName{Reason::held_by_rule, "held_by_rule"},
    ReasonName{Reason::crashed_in_flight, "crashed_in_flight"},
    ReasonName{Reason::site_busy, "site_busy"},
    ReasonName{Reason::site_down, "site_down"},
    ReasonName{Reason::shutting_down, "shutting_down"},
};
constexpr std::string_view name(Reason reason) {
  for (ReasonName const& row : reason_names) {
    if (row.reason == reason) return row.name;
  }
  return "unknown";
}

/// What the next hop said last about this recipient; code 0: it said nothing.
struct RemoteReply {
  std::uint16_t code = 0;
  smtp::EnhancedStatus status;  // as sent; all zero: none was
  std::string text;             // as sent, lines parted by '\n', at most 1,024 octets; hostile
  std::string host;             // who said it: "mx1.example.net [192.0.2.1]:25"; empty: we did
  friend bool operator==(RemoteReply const&, RemoteReply const&) = default;
};

/// Where the message is now.
enum class Destination : std::uint8_t { relayed, mailbox, sandbox, discarded };

struct Delivered {
  RemoteReply reply;
  Destination destination = Destination::relayed;
  /// The next hop offered DSN and was given NOTIFY: it reports success, not we (RFC 3461 §5.2).
  bool dsn_passed_on = false;
  /// It offered DELIVERBY and was given the sender's wish (RFC 2852 §4.1.4).
  bool deliver_by_passed_on = false;
};
struct Deferred {
  Reason reason = Reason::none;
  RemoteReply reply;
  /// When to try again; nullopt: as the retry ladder says. Never later than the message expires.
  std::optional<Instant> retry_at;
  /// False: given back without a try (site busy, draining); does not count as an attempt.
  bool attempted = true;
};
struct Bounced {
  smtp::EnhancedStatus status;  // what the report will say: class 5
  Reason reason = Reason::none;
  RemoteReply reply;
};

using Outcome = std::variant<Delivered, Deferred, Bounced>;  // a new one must break every visit
}  // namespace pb::queue
