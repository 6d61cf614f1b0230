// limits.cpp: the table of the limits that an operator may change.          Tests: config_test.cpp
// Spec: docs/reference/configuration.md (made from this table); lower bounds RFC 5321 §4.5.3.
// Not here: limits of the protocols (base/limits.hpp).
#include "app/limits.hpp"

#include <array>

#include "app/units.hpp"
#include "base/limits.hpp"

namespace pb::app {
namespace {
using enum LimitUnit;
constexpr std::uint64_t minute = 60'000;
constexpr std::uint64_t day = 86'400'000;
constexpr std::uint64_t many = 1ULL << 40;

constexpr std::array table{
    LimitRow{"message_size", octets, &Limits::message_size, 64 * 1024, 4ULL << 30,
             "largest message, as SIZE says it (RFC 1870)"},
    LimitRow{"recipients", count, &Limits::recipients, pb::limits::recipients_min, 100'000,
             "recipients of one message (RFC 5321 §4.5.3.1.8)"},
    LimitRow{"sessions_per_core", count, &Limits::sessions_per_core, 1, 1'000'000,
             "open sessions of strangers on one core; loopback and trusted networks are exempt"},
    LimitRow{"sessions_per_network", count, &Limits::sessions_per_network, 1, 1'000'000,
             "open sessions of one IPv4 address or IPv6 /64; same exemption"},
    LimitRow{"descriptors_reserve", count, &Limits::descriptors_reserve, 32, 100'000,
             "file descriptors kept free for the store, logs and deliveries"},
    LimitRow{"commands", count, &Limits::commands, 100, many,
             "commands in one session since its last message"},
    LimitRow{"errors", count, &Limits::errors, 3, 10'000,
             "commands that are wrong in one session, not refusals by policy; then 421 and close"},
    LimitRow{"transactions", count, &Limits::transactions, 1, many,
             "messages in one session (MAILMAX, RFC 9422)"},
    LimitRow{"auth_failures", count, &Limits::auth_failures, 1, 1000,
             "failed logins in one session"},
    LimitRow{"idle", duration, &Limits::idle, 1000, day,
             "silence before a session is closed (RFC 5321 §4.5.3.2.7 asks for 5 minutes)"},
    LimitRow{"tls_handshake", duration, &Limits::tls_handshake, 1000, 10 * minute,
             "time for a TLS handshake"},
    LimitRow{"client_hello", duration, &Limits::client_hello, 0, minute,
             "on 587 and 2525 at most, before the greeting, for a client that begins with TLS"},
    LimitRow{"silence", duration, &Limits::silence, 100, 10 * minute,
             "on 465, for a client's first octet; then we greet in the clear"},
    LimitRow{"proxy_header", duration, &Limits::proxy_header, 100, minute,
             "for the header of a load balancer (PROXY protocol)"},
    LimitRow{"write", duration, &Limits::write, 1000, day, "a peer that does not read our replies"},
    LimitRow{"drain", duration, &Limits::drain, 0, day,
             "time for open transactions when the server is asked to stop"},
    LimitRow{"body_in_memory", octets, &Limits::body_in_memory, 1024, 16ULL << 20,
             "larger bodies are written to files of their own"},
    LimitRow{"queue_messages", count, &Limits::queue_messages, 1, many,
             "messages in the queue; beyond it senders are asked to come later", true},
    LimitRow{"free_disk", percent, &Limits::free_disk, 0, 90,
             "free space and inodes below which no mail is taken (452 4.3.1)", true},
    LimitRow{"journal_age", duration, &Limits::journal_age, 60 * minute, 3660 * day,
             "how long the journal is kept", true},
    LimitRow{"journal_size", octets, &Limits::journal_size, 1ULL << 20, many,
             "how large the journal may grow", true},
    LimitRow{"password_checks", count, &Limits::password_checks, 1, 10'000,
             "password checks that may wait; beyond it 454 4.7.0", true},
    LimitRow{"xprobe_per_hour", count, &Limits::xprobe_per_hour, 0, 100,
             "mail ports elsewhere that one account may have measured from here (XPROBE); 0: the "
             "command is not offered"},
};
}  // namespace

std::span<LimitRow const> limit_rows() { return table; }

std::string limit_text(LimitUnit unit, std::uint64_t value) {
  switch (unit) {
    case count:
      return std::to_string(value);
    case octets:
      return octets_text(value);
    case duration:
      return duration_text(Duration{static_cast<Duration::rep>(value)});
    case percent:
      return std::to_string(value) + " %";
  }
  return "";
}
}  // namespace pb::app
