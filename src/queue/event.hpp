// event.hpp: everything that can happen to the queue, and everything that it can ask for.
// Spec: ARCHITECTURE.md "Layer 2 with a life".      Not here: what follows (queue.hpp), who
// executes effects (runtime/queue_runner, sim/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "queue/admin.hpp"
#include "queue/lease.hpp"
#include "queue/message_record.hpp"
#include "queue/message_state.hpp"
#include "queue/store.hpp"

namespace pb::queue {
/// Names one waiting commit (or admin request) in this process.
struct TicketId {
  std::uint64_t value = 0;
  friend auto operator<=>(TicketId, TicketId) = default;
};

/// A message to accept. A report also says which recipients of which message it reports, so that
/// both become durable in one batch.
struct NewMessage {
  MessageRecord record;
  std::string inline_bytes;  // header section, empty line, body (left out when it is in a file)
  struct ReportOf {
    QueueId id;
    std::vector<std::uint32_t> recipients;
  };
  std::optional<ReportOf> report_of;
};

// Events ----------------------------------------------------------------------------------------

struct Accepted {
  TicketId ticket;
  NewMessage message;
};
/// The writes handed out with these tickets are durable (ok), or never will be.
struct Committed {
  std::vector<TicketId> tickets;
  bool ok = true;
  std::vector<TicketId> withdrawn;  // of those: nobody waits any more; drop before any lease
};
/// AttemptDone with the message that was lent (its DSN parameters decide about reports).
struct Settled {
  AttemptDone done;
  std::shared_ptr<QueuedMessage const> message;  // shared with the lease
};
/// There is nothing to send about these recipients: the report is over.
struct Reported {
  QueueId id;
  std::vector<std::uint32_t> recipients;
};
/// One message read back at start, before any other event.
struct Recovered {
  MessageRecord record;
  std::vector<std::pair<std::uint32_t, RecipientState>> states;
  MessageNote note;
  bool was_in_flight = false;  // when the last process ended without stop()
};
struct Timer {};
struct Admin {
  TicketId ticket;
  AdminRequest request;
};
/// The inbox let go of a captured message.
struct CapturedReleased {
  QueueId id;
};
/// A write or sync failed: nothing is accepted any more.
struct StoreFailed {};
/// What was lent could not be read back: the lease ends, its recipients wait.
struct LeaseUnreadable {
  LeaseId lease;
};
/// The time of day was set back by so much: nobody waits longer for his next attempt than before.
struct ClockSetBack {
  Duration by;
};

using Event = std::variant<Accepted, Committed, Settled, Reported, Recovered, Timer, Admin,
                           CapturedReleased, StoreFailed, LeaseUnreadable, ClockSetBack>;

// Effects ---------------------------------------------------------------------------------------

enum class CommitVerdict : std::uint8_t { durable, store_failed };
struct Answer {
  TicketId ticket;
  CommitVerdict verdict = CommitVerdict::durable;
};

/// What a report has to say about one recipient (RFC 3464 §2.3.3).
enum class ReportAction : std::uint8_t { failed, delayed, delivered, relayed };
struct ReportItem {
  std::uint32_t recipient = 0;
  ReportAction action = ReportAction::failed;
  RecipientState state;
  smtp::EnhancedStatus status;
};
struct ReportRequest {
  QueueId id;
  std::shared_ptr<QueuedMessage const> message;  // shared with leases; null: read it back
  std::vector<ReportItem> items;                 // at least one; one report for all of them
};

/// Whether the reverse-path is to be told (RFC 3461 §4.1; never about <> or a forged one).
bool report_wanted(QueuedMessage const& message, ReportItem const& item);

/// Everything that one or more events asked for. To be executed in the order of the members.
struct Effects {
  /// One batch. Its durability is `synced` as soon as one message is accepted in it.
  Batch writes;
  Durability durability = Durability::soon;
  std::vector<TicketId> tickets;  // to be named in Committed
  std::vector<Answer> answers;
  std::vector<Lease> leases;  // message is null when it has to be read back
  std::vector<LeaseId> revoked;
  std::vector<QueueId> drop_bodies;  // unlink once every write handed out so far is durable
  std::vector<ReportRequest> reports;
  std::vector<std::pair<TicketId, AdminProgress>> admin;
  std::size_t captured = 0;        // messages captured or let go
  std::optional<Instant> wake_at;  // send Timer then; the last one handed out holds
  [[nodiscard]] bool asks_for_work() const {
    return !writes.empty() || !answers.empty() || !leases.empty() || !revoked.empty() ||
           !drop_bodies.empty() || !reports.empty() || !admin.empty() || captured != 0;
  }
};
}  // namespace pb::queue
