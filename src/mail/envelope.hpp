// envelope.hpp: what travels beside a message: reverse-path, forward-paths, their parameters.
// Spec: RFC 5321 §2.3.1; DSN RFC 3461 §4; SMTPUTF8 RFC 6531; 8BITMIME RFC 6152; AUTH= RFC 4954 §5.
// Not here: the message itself (stored_message.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "mail/address.hpp"

namespace pb::mail {
enum class BodyType : std::uint8_t { seven_bit, eight_bit_mime };
enum class DsnReturn : std::uint8_t { unspecified, full, headers };  // RET= (RFC 3461 §4.3)

/// NOTIFY= (RFC 3461 §4.1). Unspecified is its own value: it is not FAILURE,DELAY.
struct DsnNotify {
  bool specified = false;
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;
  friend bool operator==(DsnNotify const&, DsnNotify const&) = default;
};

struct ForwardPath {
  Mailbox mailbox;
  DsnNotify notify;
  std::string original_recipient;  // ORCPT= as sent: "rfc822;xtext" (RFC 3461 §4.2); empty: none
  friend bool operator==(ForwardPath const&, ForwardPath const&) = default;
};

struct Envelope {
  ReversePath reverse_path;
  std::vector<ForwardPath> forward_paths;
  BodyType body_type = BodyType::seven_bit;
  bool smtputf8 = false;
  std::optional<std::uint64_t> declared_octets;  // SIZE= (RFC 1870)
  std::string envelope_id;                       // ENVID= xtext as sent (RFC 3461 §4.4)
  DsnReturn dsn_return = DsnReturn::unspecified;
  std::optional<std::string> auth_identity;  // AUTH= decoded; "" is <> (RFC 4954 §5)
  std::optional<Instant> hold_until;         // FUTURERELEASE (RFC 4865)
  std::optional<Instant> deliver_by;         // DELIVERBY (RFC 2852)
  bool deliver_by_return = false;            // by-mode R: return if late; else notify
  bool deliver_by_trace = false;             // by-trace T
  std::int8_t priority = 0;                  // MT-PRIORITY -9..9 (RFC 6710)
  friend bool operator==(Envelope const&, Envelope const&) = default;
};
}  // namespace pb::mail
