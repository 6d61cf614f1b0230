// accept.cpp: how a message gets into the queue: accepted, durable, or read back at start.
// Spec: RFC 5321 §6.1; ARCHITECTURE.md "Two writes a message".        Tests: queue_test.cpp
// Not here: what brings it (runtime/queue_intake), reading it (runtime/queue_loader).
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/mark.hpp"
#include "queue/queue.hpp"

namespace pb::queue {
namespace {
using journal::Key;
using journal::Kind;

bool waits(Phase phase) { return !is_terminal(phase); }

journal::Entry accepted_entry(NewMessage const& message) {
  QueuedMessage const& m = message.record.message;
  journal::Entry entry{.kind = Kind::accepted, .id = m.id, .fields = {}};
  entry.fields.push_back({Key::reverse_path, m.envelope.reverse_path.text()});
  for (mail::ForwardPath const& path : m.envelope.forward_paths) {
    entry.fields.push_back({Key::recipient, path.mailbox.text()});
  }
  auto const add = [&](Key key, std::string const& value) {
    if (!value.empty()) entry.fields.push_back({key, value});
  };
  add(Key::account, m.account);
  add(Key::client, m.client);
  add(Key::listener, m.listener);
  add(Key::tls, m.tls);
  add(Key::octets, std::to_string(m.trace.size() + m.body_octets));
  if (message.record.captured) add(Key::destination, "sandbox");
  if (message.record.held_reason != Reason::none) {
    add(Key::reason, std::string{name(message.record.held_reason)});
  }
  if (message.report_of) add(Key::about, message.report_of->id.text());
  return entry;
}
}  // namespace

void Queue::on(Accepted const& event, Instant now, Effects& out) {
  // A second message under an id would take the first one's place in the store.
  if (store_failed_ || table_.find(event.message.record.message.id)) {
    PB_MARK(accept_refused);
    out.answers.push_back({event.ticket, CommitVerdict::store_failed});
    return;
  }
  NewMessage const& message = event.message;
  MessageRecord const& record = message.record;
  QueueId const id = record.message.id;
  out.writes.push_back({Family::envelopes, envelope_key(id), encode(record), true});
  out.writes.push_back({Family::bodies, body_key(id), message.inline_bytes, true});
  journal(accepted_entry(message), now, out);
  if (message.report_of) {
    if (auto const slot = table_.find(message.report_of->id)) {
      journal({.kind = Kind::reported,
               .id = message.report_of->id,
               .fields = {{Key::report, id.text()}}},
              now, out);
      close_report(*slot, message.report_of->recipients, out);
    }
  }
  out.durability = Durability::synced;
  out.tickets.push_back(event.ticket);
  pending_.emplace(event.ticket, Pending{std::make_shared<QueuedMessage const>(record.message),
                                         record.phases, record.held_reason, record.captured});
}

void Queue::on(Committed const& event, Instant now, Effects& out) {
  for (TicketId const ticket : event.tickets) {
    auto node = pending_.extract(ticket);
    PB_CHECK(!node.empty());
    if (!event.ok) {
      PB_MARK(commit_failed);
      out.answers.push_back({ticket, CommitVerdict::store_failed});
    } else if (std::ranges::find(event.withdrawn, ticket) != event.withdrawn.end()) {
      withdraw(node.mapped(), out);
    } else {
      out.answers.push_back({ticket, CommitVerdict::durable});
      enter(node.mapped(), now, out);
    }
  }
}

/// Durable, and nobody was told so: gone before anyone is lent it.
void Queue::withdraw(Pending const& pending, Effects& out) {
  PB_MARK(ticket_withdrawn);
  QueuedMessage const& m = *pending.message;
  out.writes.push_back({Family::envelopes, envelope_key(m.id), std::nullopt, true});
  out.writes.push_back({Family::bodies, body_key(m.id), std::nullopt, true});
  if (m.body_in_file) out.drop_bodies.push_back(m.id);
}

void Queue::enter(Pending const& pending, Instant now, Effects& out) {
  QueuedMessage const& m = *pending.message;
  if (pending.captured) ++out.captured;
  if (std::ranges::none_of(pending.phases, waits)) {
    // Captured: it rests for the inbox. Discarded: nothing is left to keep it for.
    if (!pending.captured) withdraw(pending, out);
    return;
  }
  Slot const slot = add_to_table(m, pending.phases, pending.held_reason);
  table_.at(slot).captured = pending.captured;
  if (m.envelope.hold_until && *m.envelope.hold_until > now) {  // RFC 4865 §4
    for (Recipient& r : table_.at(slot).recipients()) {
      if (r.phase != Phase::due) continue;
      set_phase(r, Phase::deferred);
      r.retry_at = *m.envelope.hold_until;
    }
  }
  remember_fresh(slot, pending.message);
  schedule(slot, now);
}

void Queue::on(Recovered const& event, Instant now, Effects& out) {
  std::vector<Phase> phases = event.record.phases;
  for (auto const& [index, state] : event.states) {
    if (index < phases.size()) phases[index] = state.phase;
  }
  bool const report_due =
      std::ranges::any_of(event.states, [](auto const& entry) { return entry.second.report_due; });
  if (event.note.settled || (std::ranges::none_of(phases, waits) && !report_due)) {
    if (event.record.captured) ++out.captured;
    return;
  }
  Slot const slot = add_to_table(event.record.message, phases, event.record.held_reason);
  Message& message = table_.at(slot);
  message.captured = event.record.captured;
  if (message.captured) ++out.captured;
  auto const all = message.recipients();
  if (auto const hold = event.record.message.envelope.hold_until; hold && *hold > now) {
    for (Recipient& r : all) {
      if (r.phase != Phase::due) continue;
      set_phase(r, Phase::deferred);
      r.retry_at = *hold;
    }
  }
  ReportRequest report{.id = message.id, .message = nullptr, .items = {}};
  for (auto const& [index, state] : event.states) {
    if (index >= all.size()) continue;
    Recipient& r = all[index];
    r.attempts = static_cast<std::uint16_t>(std::min<std::uint32_t>(state.attempts, 0xFFFF));
    r.retry_at = state.retry_at;
    // By a clock that was ahead: no wait is longer than the ladder's longest.
    if (r.attempts > 0) r.retry_at = std::min(r.retry_at, now + ladder(r.domain).longest());
    r.reason = state.reason;
    r.warned = state.warned;
    r.has_record = true;
    r.report_due = state.report_due;
    if (state.report_due) PB_MARK(recovered_with_report_due);
    if (state.report_due) ++reports_due_;
    if (state.report_due) report.items.push_back(report_item(index, state));
  }
  if (event.note != MessageNote{}) {
    notes_.emplace(slot, event.note);
    message.has_note = true;
    message.crashes = event.note.crashes;
  }
  if (event.was_in_flight) count_crash(slot, now, out);
  if (!report.items.empty()) out.reports.push_back(std::move(report));
  schedule(slot, now);
}

/// It was being delivered when the process died. Perhaps it was why: the third time it is held.
void Queue::count_crash(Slot slot, Instant now, Effects& out) {
  Message& message = table_.at(slot);
  message.crashes = static_cast<std::uint8_t>(std::min(message.crashes + 1, 255));
  notes_[slot].crashes = message.crashes;
  put_note(slot, out);
  journal({.kind = Kind::crashed,
           .id = message.id,
           .fields = {{Key::crashes, std::to_string(message.crashes)}}},
          now, out);
  PB_MARK(crash_in_flight_counted);
  if (message.crashes < crashes_until_held) return;
  PB_MARK(held_after_crashes);
  auto const all = message.recipients();
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (!is_legal(all[i].phase, Phase::held)) continue;
    set_phase(all[i], Phase::held);
    all[i].reason = Reason::crashed_in_flight;
    put_state(slot, i, bare_state(all[i]), out);
  }
  journal({.kind = Kind::held,
           .id = message.id,
           .fields = {{Key::reason, std::string{name(Reason::crashed_in_flight)}}}},
          now, out);
}

void Queue::on(StoreFailed const&, Instant, Effects& out) {
  PB_MARK(store_failed);
  store_failed_ = true;
  for (auto const& [ticket, pending] : pending_) {
    out.answers.push_back({ticket, CommitVerdict::store_failed});
  }
  pending_.clear();
}

void Queue::on(CapturedReleased const& event, Instant, Effects& out) {
  ++out.captured;
  if (auto const slot = table_.find(event.id)) {
    table_.at(*slot).captured = false;
    remove_if_finished(*slot, out);
    return;
  }
  // Its recipients are settled: the inbox was all that kept it.
  out.writes.push_back({Family::envelopes, envelope_key(event.id), std::nullopt, true});
  out.writes.push_back({Family::envelopes, note_key(event.id), std::nullopt});
  out.writes.push_back({Family::bodies, body_key(event.id), std::nullopt, true});
  out.drop_bodies.push_back(event.id);
}
}  // namespace pb::queue
