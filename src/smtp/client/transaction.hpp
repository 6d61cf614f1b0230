// transaction.hpp: one message for one next hop, and what became of it there.
// Spec: RFC 5321 §3.3; LMTP RFC 2033 §4.2.      Not here: what follows for a recipient (delivery/).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mail/envelope.hpp"
#include "smtp/client/reply_parser.hpp"

namespace pb::smtp::client {
/// A message to hand over. The session pulls its bytes by NeedBody.
struct Transaction {
  mail::Envelope envelope;        // only the recipients of this next hop, at least one
  std::uint64_t octets = 0;       // of trace and body together: exactly what NeedBody will be given
  bool eight_bit = false;         // a byte over 0x7F is in the content
  bool eight_bit_anyway = false;  // send it to a server without 8BITMIME, too
  bool header_utf8 = false;       // raw UTF-8 in a header field: needs SMTPUTF8 (RFC 6532)
  std::optional<std::int64_t> deliver_by_seconds;  // what is left of it (RFC 2852 §4)
};

/// How far a session had come.
enum class Phase : std::uint8_t {
  connect,
  tls,  // a handshake
  greeting,
  ehlo,
  starttls,
  auth,
  idle,
  rset,
  mail,
  rcpt,
  data,         // DATA was sent, or the first BDAT
  body,         // content is being sent
  end_of_data,  // all of it was sent: without a reply the message may be there, twice later on
  quit
};
std::string_view name_of(Phase phase);

/// Why a transaction ended without a reply for each recipient.
enum class Fault : std::uint8_t {
  none,
  connect_failed,      // set by the executor: refused, unreachable, no route
  timeout,             // the wait of the phase passed
  connection_lost,     // closed or reset by the peer
  bad_reply,           // not SMTP, or a reply that the command cannot have
  service_closing,     // 421
  refused,             // greeting, EHLO or RSET was refused
  tls_failed,          // the handshake failed
  tls_untrusted,       // it succeeded, but chain or name do not verify, and we must be sure
  tls_missing,         // we require it, it was not offered or refused
  injected_plaintext,  // bytes behind the reply to STARTTLS (before TLS was there)
  auth_missing,        // we have credentials, no common mechanism
  auth_refused,        // 5xx to AUTH
  auth_deferred,       // 4xx to AUTH
  auth_unproven,       // the server could not show that it knows the password (SCRAM)
  too_large,           // SIZE says so (RFC 1870 §6.1)
  eight_bit_missing,
  utf8_address_unsupported,  // the reverse-path needs SMTPUTF8 (RFC 6531 §3.4)
  utf8_header_unsupported,   // a header field needs it
  deliverby_missing,         // by-mode R may not go to a server without DELIVERBY (RFC 2852 §4.1.3)
  body_failed,               // our own store could not give the content
  cancelled                  // the executor gave up (drain)
};
std::string_view name_of(Fault fault);

struct RecipientResult {
  /// The reply that decided; nullopt: undecided, see Transcript::fault (none: not tried, the
  /// server's limits allow no more recipients in one transaction).
  std::optional<RemoteReply> reply;
  Phase phase = Phase::mail;  // which command it answered
  /// This recipient alone could not be named: its local part needs SMTPUTF8 (5.6.7).
  bool address_unsendable = false;
  [[nodiscard]] bool delivered() const {
    return reply && reply->is_positive() && phase == Phase::end_of_data;
  }
};

/// One line of what was said, for logs: never an AUTH line's secret, never content.
struct DialogueLine {
  bool sent = false;
  std::string text;  // without the line end; hostile when received
};

struct Transcript {
  std::vector<RecipientResult> recipients;  // in the order of Transaction::envelope
  Fault fault = Fault::none;
  Phase phase = Phase::end_of_data;  // where the fault came
  std::optional<RemoteReply> reply;  // the reply that was the fault (greeting, EHLO, AUTH, 421)
  std::string detail;                // of TLS failures; printable
  bool end_of_data_sent = false;     // with undecided recipients: a duplicate is possible
  bool dsn_offered = false;          // the next hop took over NOTIFY (RFC 3461 §5.2.2)
  bool deliverby_offered = false;
};
}  // namespace pb::smtp::client
