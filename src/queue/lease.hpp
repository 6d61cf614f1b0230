// lease.hpp: due recipients of one message, lent to delivery, and what delivery gives back.
// Spec: ARCHITECTURE.md "One message, one direction" 4-8.      Not here: the schedule
// (schedule.hpp), routes (delivery/), the message's bytes (runtime/message_store.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "mail/envelope.hpp"
#include "queue/outcome.hpp"

namespace pb::queue {
/// Names one lease in this process; a settled or revoked lease's number is never used again.
struct LeaseId {
  std::uint64_t value = 0;
  friend auto operator<=>(LeaseId, LeaseId) = default;
};

/// A recipient that an alias of ours leads to elsewhere: its MAIL FROM is not the message's.
struct Forwarded {
  std::uint32_t recipient = 0;
  mail::Mailbox reverse_path;  // ours (SRS): a bounce to it finds its way back
  friend bool operator==(Forwarded const&, Forwarded const&) = default;
};

/// What does not change while a message rests. Shared: a lease, a report and the UI may hold it.
struct QueuedMessage {
  QueueId id;
  mail::Envelope envelope;
  Instant accepted_at;
  Instant expires_at;
  std::string account;            // who submitted it; empty: not authenticated
  std::string listener;           // where it came in
  std::string role;               // "relay", "submission", "submissions", "submission-alt"
  std::string client;             // peer's address, text
  std::string tls;                // of the session that brought it; empty: in the clear
  bool eight_bit = false;         // a byte over 0x7F is in header section or body
  bool spf_failed = false;        // at acceptance: no report to this reverse-path
  bool junk = false;              // at acceptance: a Maildir files it under .Junk
  std::string trace;              // Received and what else we put in front; CRLF at its end
  std::uint64_t body_octets = 0;  // header section, empty line and body
  bool body_in_file = false;
  std::vector<Forwarded> forwarded;  // by ascending recipient; most messages have none
  /// What MAIL FROM says for this recipient.
  [[nodiscard]] mail::ReversePath reverse_path_for(std::uint32_t recipient) const {
    for (Forwarded const& one : forwarded)
      if (one.recipient == recipient) return {one.reverse_path};
    return envelope.reverse_path;
  }
};

/// One holder; a crash or a revoked lease returns its recipients to due.
struct Lease {
  LeaseId lease;
  QueueId id;
  /// Which of message->envelope.forward_paths; ascending, at least one, none terminal or held.
  std::vector<std::uint32_t> recipients;
  std::uint32_t attempt = 1;  // 1 is the first
  std::string via;            // the route that an operator ordered; empty: by the configuration
  std::shared_ptr<QueuedMessage const> message;  // shared: outlives the queue's own copy
};

struct RecipientOutcome {
  std::uint32_t recipient = 0;  // index, as in Lease::recipients
  Outcome outcome;
};

/// One line of what was said. Never an AUTH line's secret, never a byte of the message.
struct TranscriptLine {
  enum class Kind : std::uint8_t { sent, received, note };
  Kind kind = Kind::note;
  Duration at{0};    // since the transcript began
  std::string text;  // without the line end; hostile when received
};
/// One connection's part in an attempt. At most 200 lines of 1,024 octets are kept.
struct Transcript {
  Instant began;
  std::string host;    // "mx1.example.net"
  std::string remote;  // "192.0.2.1:25"
  std::string local;   // egress source and port
  std::string tls;     // "TLSv1.3 TLS_AES_256_GCM_SHA384 verified"; empty: in the clear
  std::vector<TranscriptLine> lines;
};

/// Settles some or all recipients of a lease; those not named stay leased. A lease ends when all of
/// its recipients are settled. An unknown or revoked lease is ignored.
struct AttemptDone {
  LeaseId lease;
  QueueId id;
  std::vector<RecipientOutcome> outcomes;
  std::vector<Transcript> transcripts;
};
}  // namespace pb::queue
