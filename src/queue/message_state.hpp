// message_state.hpp: the states of a recipient, which change into which, and what is persisted.
// Spec: ARCHITECTURE.md "Queue states, per recipient".             Tests: message_state_test.cpp
// Not here: when a state changes (queue.hpp), the bytes of the records (message_record.hpp).
//
//   due --lease--> leased --settle--> delivered | bounced | expired      (terminal)
//    ^               |--settle--> deferred{retry_at, reason} --time--> due
//    |--restart------+             held <--admin--> due
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "queue/outcome.hpp"

namespace pb::queue {
/// THE NUMBERS ARE STORED. `leased` never is: a leased recipient found at start is due again.
enum class Phase : std::uint8_t {
  due = 1,
  leased = 2,
  deferred = 3,
  held = 4,
  delivered = 5,
  bounced = 6,
  expired = 7,
};

struct Transition {
  Phase from;
  Phase to;
  std::string_view why;
};
inline constexpr std::array legal_transitions{
    Transition{Phase::due, Phase::leased, "its turn came"},
    Transition{Phase::leased, Phase::delivered, "settled"},
    Transition{Phase::leased, Phase::bounced, "settled"},
    Transition{Phase::leased, Phase::expired, "deferred, and its time is over"},
    Transition{Phase::leased, Phase::deferred, "settled"},
    Transition{Phase::leased, Phase::due, "given back, or revoked"},
    Transition{Phase::leased, Phase::held, "held while leased: its lease is revoked"},
    Transition{Phase::deferred, Phase::due, "time, or retry now"},
    Transition{Phase::deferred, Phase::held, "admin, or three crashes"},
    Transition{Phase::deferred, Phase::bounced, "admin"},
    Transition{Phase::deferred, Phase::expired, "its time is over"},
    Transition{Phase::due, Phase::deferred, "FUTURERELEASE at acceptance"},
    Transition{Phase::due, Phase::held, "admin, rule, or three crashes"},
    Transition{Phase::due, Phase::bounced, "admin"},
    Transition{Phase::due, Phase::expired, "its time is over"},
    Transition{Phase::due, Phase::delivered, "captured or discarded at acceptance"},
    Transition{Phase::held, Phase::due, "released"},
    Transition{Phase::held, Phase::bounced, "admin"},
};
constexpr bool is_legal(Phase from, Phase to) {
  for (Transition const& row : legal_transitions) {
    if (row.from == from && row.to == to) return true;
  }
  return false;
}
constexpr bool is_terminal(Phase phase) {
  return phase == Phase::delivered || phase == Phase::bounced || phase == Phase::expired;
}
constexpr std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::due:
      return "due";
    case Phase::leased:
      return "leased";
    case Phase::deferred:
      return "deferred";
    case Phase::held:
      return "held";
    case Phase::delivered:
      return "delivered";
    case Phase::bounced:
      return "bounced";
    case Phase::expired:
      return "expired";
  }
  return "unknown";
}

/// What one recipient's record says. Absent record: as the message was accepted.
struct RecipientState {
  Phase phase = Phase::due;
  std::uint32_t attempts = 0;  // made so far
  Instant retry_at{};          // deferred: when it is due
  Reason reason = Reason::none;
  RemoteReply reply;                               // the last one
  Destination destination = Destination::relayed;  // delivered: where to
  bool report_due = false;  // terminal, and the report about it is not durable yet
  bool warned = false;      // a delay warning was made
  friend bool operator==(RecipientState const&, RecipientState const&) = default;
};

/// What changes about the message as a whole; absent: all zero.
struct MessageNote {
  std::uint8_t crashes = 0;  // of the process while the message was in flight
  bool settled = false;      // all recipients are terminal; the inbox alone keeps the message
  std::string via;           // the route that an operator ordered
  friend bool operator==(MessageNote const&, MessageNote const&) = default;
};
inline constexpr std::uint8_t crashes_until_held = 3;
}  // namespace pb::queue
