// queue.hpp: the queue as a reducer: every message that was accepted and is not settled yet.
// Spec: ARCHITECTURE.md "Queue states"; RFC 5321 §4.5.4.1, §6.1.       Tests: queue_test.cpp
// Not here: time, disk, threads (runtime/queue_runner), routes (delivery/), reports (report/).
//
// Invariants: 1. A message is lent only after its commit was durable. 2. A recipient is in at most
// one lease. 3. A terminal recipient is never lent. 4. A message's records go in the batch that
// settles its last recipient, and not before the report about it is durable. 5. After StoreFailed
// nothing is accepted and nothing is lent.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "journal/entry.hpp"
#include "queue/event.hpp"
#include "queue/message_table.hpp"
#include "queue/schedule.hpp"

namespace pb::queue {
struct QueueSettings {
  RetryLadder retry{};
  std::map<std::string, RetryLadder> retry_by_domain{};  // key form
  std::size_t leases_max = 2000;
  std::size_t leases_per_domain_max = 500;
  // An operator's request looks at so many messages, or changes so many recipients, before mail
  // goes on: each change is two writes.
  std::size_t slice = 1000;
  std::size_t slice_changes = 100;
  std::uint64_t first_sequence = 1;  // of the journal: behind the last one there
  std::uint64_t hash_seed = 0;
  bool make_reports = true;  // false: nobody makes them, settled is settled
};

struct QueueStats {
  std::size_t messages = 0;
  std::size_t due = 0, leased = 0, deferred = 0, held = 0;  // recipients
  std::size_t reports_due = 0;
  std::size_t leases_out = 0;
  std::size_t domains = 0;
  std::optional<Instant> next_due;
  bool store_failed = false;
};

class Queue {
 public:
  Queue(QueueSettings settings, Random& random);
  /// What follows from the event is added to `out`.
  void handle(Event const& event, Instant now, Effects& out);

  [[nodiscard]] QueueStats stats() const;
  /// Whether a report about these recipients can still be accepted (Accepted with report_of).
  [[nodiscard]] bool has(QueueId id) const { return table_.find(id).has_value(); }
  /// Whether the lease still has recipients to settle.
  [[nodiscard]] bool is_open(std::uint64_t lease) const { return leases_.contains(lease); }
  struct RecipientView {
    std::uint32_t index = 0;
    std::string_view domain;
    Recipient const* recipient = nullptr;
  };
  struct MessageView {
    QueueId id;
    Instant expires_at{};
    std::string_view account;
    std::uint8_t crashes = 0;
    std::vector<RecipientView> recipients;
  };
  /// nullopt: not queued (any more).
  [[nodiscard]] std::optional<MessageView> view(QueueId id) const;
  /// Up to `count_max` messages that the filter matches, by slot from `cursor` on; the next cursor,
  /// or nullopt at the end. Looks at no more than `slots_max` slots.
  struct Page {
    std::vector<QueueId> ids;
    std::optional<std::uint32_t> next;
  };
  [[nodiscard]] Page list(AdminFilter const& filter, std::uint32_t cursor, std::size_t count_max,
                          std::size_t slots_max) const;
  struct DomainStats {
    std::string domain;
    std::size_t recipients = 0, due = 0, deferred = 0, held = 0, leased = 0;
  };
  /// Queued recipients by domain, the largest first.
  [[nodiscard]] std::vector<DomainStats> by_domain(std::size_t count_max) const;

 private:
  using Slot = MessageTable::Slot;
  struct OpenLease {
    Slot slot = 0;
    std::uint32_t domain = 0;
    std::vector<std::uint32_t> recipients;  // not settled yet
  };
  struct Job {
    TicketId ticket;
    AdminRequest request;
    AdminProgress progress;
    Slot next = 0;
    Slot end = 0;
  };
  struct Pending {
    std::shared_ptr<QueuedMessage const> message;  // shared: will be lent
    std::vector<Phase> phases;
    Reason held_reason = Reason::none;
    bool captured = false;
  };

  // accept.cpp
  void on(Accepted const& event, Instant now, Effects& out);
  void on(Committed const& event, Instant now, Effects& out);
  void on(Recovered const& event, Instant now, Effects& out);
  void on(StoreFailed const& event, Instant now, Effects& out);
  void on(CapturedReleased const& event, Instant now, Effects& out);
  void enter(Pending const& pending, Instant now, Effects& out);
  void withdraw(Pending const& pending, Effects& out);
  void count_crash(Slot slot, Instant now, Effects& out);
  // settle.cpp
  void on(Settled const& event, Instant now, Effects& out);
  void on(Reported const& event, Instant now, Effects& out);
  void on(LeaseUnreadable const& event, Instant now, Effects& out);
  struct SettleContext;
  void settle_one(SettleContext& context, RecipientOutcome const& outcome);
  void finish_recipient(SettleContext& context, std::uint32_t index, RecipientState state,
                        bool report);
  static ReportItem report_item(std::uint32_t index, RecipientState const& state);
  void defer(SettleContext& context, std::uint32_t index, Deferred const& deferred);
  [[nodiscard]] bool is_late(Recipient const& recipient, QueuedMessage const& message,
                             Instant now) const;
  void grant_wish(SettleContext& context, std::uint32_t index);
  void close_report(Slot slot, std::vector<std::uint32_t> const& recipients, Effects& out);
  void remove_if_finished(Slot slot, Effects& out);
  void end_lease(LeaseId lease);
  // admin.cpp
  void on(Admin const& event, Instant now, Effects& out);
  void run_jobs(Instant now, Effects& out);
  bool run_slice(Job& job, Instant now, Effects& out);
  std::size_t apply(AdminRequest const& request, Slot slot, Instant now, Effects& out);
  bool apply(AdminRequest const& request, Slot slot, std::uint32_t index, Effects& out);
  [[nodiscard]] bool matches(AdminFilter const& filter, Message const& message) const;
  [[nodiscard]] bool matches(AdminFilter const& filter, Recipient const& recipient) const;
  // queue.cpp
  void on(Timer const& event, Instant now, Effects& out);
  void on(ClockSetBack const& event, Instant now, Effects& out);
  void lend(Instant now, Effects& out);
  void schedule(Slot slot, Instant now);
  void set_phase(Recipient& recipient, Phase phase);
  void put_state(Slot slot, std::uint32_t index, RecipientState const& state, Effects& out);
  void put_note(Slot slot, Effects& out);
  void journal(journal::Entry entry, Instant now, Effects& out);
  [[nodiscard]] RecipientState bare_state(Recipient const& recipient) const;
  [[nodiscard]] RetryLadder const& ladder(std::uint32_t domain) const;
  [[nodiscard]] std::uint64_t hash_address(mail::Mailbox const& mailbox) const;
  [[nodiscard]] std::uint64_t hash_address(std::string_view address) const;
  std::uint32_t intern_account(std::string_view account);
  Slot add_to_table(QueuedMessage const& message, std::vector<Phase> const& phases, Reason held);
  void drop_from_table(Slot slot);
  void remember_fresh(Slot slot, std::shared_ptr<QueuedMessage const> message);

  QueueSettings settings_;
  Random& random_;
  MessageTable table_;
  DueIndex due_;
  ReadyLines lines_;
  std::unordered_map<std::uint64_t, OpenLease> leases_;
  std::map<TicketId, Pending> pending_;
  std::unordered_map<Slot, MessageNote> notes_;  // few messages have one
  // Messages that came in just now are lent without being read back. Emptied when they are lent.
  std::unordered_map<Slot, std::shared_ptr<QueuedMessage const>> fresh_;
  std::deque<Job> jobs_;
  std::vector<std::string> accounts_{""};
  std::unordered_map<std::string, std::uint32_t> account_numbers_;
  std::array<std::size_t, 8> phase_counts_{};
  std::size_t reports_due_ = 0;
  std::uint64_t next_lease_ = 1;
  std::uint64_t next_sequence_ = 1;
  bool store_failed_ = false;
};
}  // namespace pb::queue
