// settle.cpp: what follows from an attempt: one batch with the new states and their journal
// entries. Spec: ARCHITECTURE.md stages 7-8; RFC 3461 §4.1, §5.2 (who is told); RFC 5321 §4.5.4.1
// (expiry). Not here: what the remote's replies mean (delivery/classify), making reports (report/).
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/mark.hpp"
#include "queue/queue.hpp"

namespace pb::queue {
namespace {
using journal::Key;
using journal::Kind;
constexpr std::size_t transcript_lines_max = 200;
constexpr std::size_t transcript_line_octets_max = 1024;
constexpr smtp::EnhancedStatus expired_status{5, 4, 7};   // RFC 3463 §3.5: delivery time expired
constexpr smtp::EnhancedStatus by_admin_status{5, 7, 0};  // §3.8: other security status

bool may_report(QueuedMessage const& m) {
  return !m.envelope.reverse_path.is_null() && !m.spf_failed;
}
bool wants_failure(mail::DsnNotify const& n) { return !n.specified || (!n.never && n.failure); }
bool wants_delay(mail::DsnNotify const& n) { return !n.specified || (!n.never && n.delay); }
bool wants_success(mail::DsnNotify const& n) { return n.specified && !n.never && n.success; }
/// By-mode N and a next hop without DELIVERBY: the sender is told that nobody looks at the time any
/// more (RFC 2852 §4.1.4), unless nothing is ever to be told.
bool told_of_lost_time(QueuedMessage const& m, mail::DsnNotify const& n) {
  return m.envelope.deliver_by && !m.envelope.deliver_by_return && !n.never;
}

std::string status_text(smtp::EnhancedStatus s) {
  if (s.klass == 0) return {};
  return std::to_string(s.klass) + '.' + std::to_string(s.subject) + '.' + std::to_string(s.detail);
}

void add_reply(journal::Entry& entry, RemoteReply const& reply) {
  if (reply.code == 0) return;
  entry.fields.push_back({Key::code, std::to_string(reply.code)});
  if (reply.status.klass != 0) entry.fields.push_back({Key::status, status_text(reply.status)});
  entry.fields.push_back({Key::text, reply.text.substr(0, transcript_line_octets_max)});
  if (!reply.host.empty()) entry.fields.push_back({Key::host, reply.host});
}

std::string_view destination_name(Destination destination) {
  switch (destination) {
    case Destination::relayed:
      return "relayed";
    case Destination::mailbox:
      return "mailbox";
    case Destination::sandbox:
      return "sandbox";
    case Destination::discarded:
      return "discarded";
  }
  return "unknown";
}

std::string transcript_line(TranscriptLine const& line) {
  std::string_view const mark = line.kind == TranscriptLine::Kind::sent       ? "> "
                                : line.kind == TranscriptLine::Kind::received ? "< "
                                                                              : "- ";
  return std::string{mark} + line.text.substr(0, transcript_line_octets_max);
}

journal::Entry transcript_entry(QueueId id, Transcript const& transcript) {
  journal::Entry entry{.kind = Kind::transcript, .id = id, .fields = {}};
  entry.fields.push_back({Key::host, transcript.host + " [" + transcript.remote + ']'});
  if (!transcript.tls.empty()) entry.fields.push_back({Key::tls, transcript.tls});
  std::size_t const lines = std::min(transcript.lines.size(), transcript_lines_max);
  for (std::size_t i = 0; i < lines; ++i) {
    entry.fields.push_back({Key::line, transcript_line(transcript.lines[i])});
  }
  return entry;
}
}  // namespace

bool report_wanted(QueuedMessage const& message, ReportItem const& item) {
  if (!may_report(message) || item.recipient >= message.envelope.forward_paths.size()) return false;
  mail::DsnNotify const& notify = message.envelope.forward_paths[item.recipient].notify;
  switch (item.action) {
    case ReportAction::failed:
      return wants_failure(notify);
    case ReportAction::delayed:
      return wants_delay(notify);
    case ReportAction::delivered:
      return wants_success(notify);
    case ReportAction::relayed:
      return wants_success(notify) || told_of_lost_time(message, notify);
  }
  return false;
}

/// One attempt being settled; outcomes that read the same share one journal entry.
struct Queue::SettleContext {
  Slot slot;
  QueuedMessage const& message;
  Instant now;
  Effects& out;
  std::vector<journal::Entry> entries;
  std::vector<ReportItem> reports;

  void note(Kind kind, std::uint32_t index, RecipientState const& state, std::string extra = {}) {
    journal::Entry entry{.kind = kind, .id = message.id, .fields = {}};
    entry.fields.push_back({Key::attempt, std::to_string(state.attempts)});
    if (state.reason != Reason::none) {
      entry.fields.push_back({Key::reason, std::string{name(state.reason)}});
    }
    if (kind == Kind::delivered) {
      entry.fields.push_back({Key::destination, std::string{destination_name(state.destination)}});
    }
    if (!extra.empty()) entry.fields.push_back({Key::retry_at, std::move(extra)});
    add_reply(entry, state.reply);
    std::string who = message.envelope.forward_paths[index].mailbox.text();
    for (journal::Entry& same : entries) {
      if (same.kind != kind || same.fields.size() < entry.fields.size()) continue;
      if (!std::equal(entry.fields.begin(), entry.fields.end(), same.fields.begin())) continue;
      same.fields.push_back({Key::recipient, std::move(who)});
      return;
    }
    entry.fields.push_back({Key::recipient, std::move(who)});
    entries.push_back(std::move(entry));
  }
};

ReportItem Queue::report_item(std::uint32_t index, RecipientState const& state) {
  ReportItem item;
  item.recipient = index;
  item.state = state;
  item.status = state.reply.status;
  switch (state.phase) {
    case Phase::bounced:
      item.action = ReportAction::failed;
      if (item.status.klass != 5)
        item.status = state.reason == Reason::bounced_by_admin ? by_admin_status
                                                               : smtp::EnhancedStatus{5, 0, 0};
      break;
    case Phase::expired:
      item.action = ReportAction::failed;
      item.status = expired_status;
      break;
    case Phase::delivered:
      item.action = state.destination == Destination::relayed ? ReportAction::relayed
                                                              : ReportAction::delivered;
      item.status = {2, 0, 0};
      break;
    case Phase::due:
    case Phase::leased:
    case Phase::deferred:
    case Phase::held:
      item.action = ReportAction::delayed;
      if (item.status.klass != 4) item.status = {4, 4, 7};
      break;
  }
  return item;
}

void Queue::on(Settled const& event, Instant now, Effects& out) {
  auto const open = leases_.find(event.done.lease.value);
  if (open == leases_.end()) return;  // revoked, or said twice
  PB_CHECK(event.message != nullptr);
  SettleContext context{open->second.slot, *event.message, now, out, {}, {}};
  auto& waiting = open->second.recipients;
  for (RecipientOutcome const& outcome : event.done.outcomes) {
    auto const at = std::ranges::find(waiting, outcome.recipient);
    if (at == waiting.end()) continue;
    waiting.erase(at);
    settle_one(context, outcome);
  }
  for (Transcript const& transcript : event.done.transcripts) {
    journal(transcript_entry(context.message.id, transcript), now, out);
  }
  // Deferrals first: entries are shared by recipients, and an operator may have ended what came
  // back undelivered.
  for (bool const deferrals : {true, false}) {
    for (journal::Entry& entry : context.entries)
      if ((entry.kind == Kind::deferred) == deferrals) journal(std::move(entry), now, out);
  }
  Slot const slot = context.slot;
  if (!context.reports.empty()) {
    out.reports.push_back({context.message.id, event.message, std::move(context.reports)});
  }
  if (waiting.empty()) {
    end_lease(event.done.lease);
    auto const is_due = [](Recipient const& r) { return r.phase == Phase::due; };
    if (std::ranges::any_of(table_.at(slot).recipients(), is_due)) {
      remember_fresh(slot, event.message);  // given back: it need not be read again
    }
    schedule(slot, now);
  }
  remove_if_finished(slot, out);
}

void Queue::settle_one(SettleContext& context, RecipientOutcome const& outcome) {
  std::uint32_t const index = outcome.recipient;
  Recipient& r = table_.at(context.slot).recipients()[index];
  if (auto const* deferred = std::get_if<Deferred>(&outcome.outcome)) {
    defer(context, index, *deferred);
    if (!is_terminal(r.phase)) grant_wish(context, index);
    return;
  }
  r.attempts = static_cast<std::uint16_t>(std::min(r.attempts + 1, 0xFFFF));
  r.wish = Wish::none;
  mail::DsnNotify const& notify = context.message.envelope.forward_paths[index].notify;
  RecipientState state = bare_state(r);
  bool report = false;
  if (auto const* delivered = std::get_if<Delivered>(&outcome.outcome)) {
    set_phase(r, Phase::delivered);
    r.reason = Reason::none;
    state.reply = delivered->reply;
    state.destination = delivered->destination;
    report = wants_success(notify) && !delivered->dsn_passed_on;
    if (delivered->destination == Destination::relayed && !delivered->deliver_by_passed_on)
      report = report || told_of_lost_time(context.message, notify);
  } else {
    Bounced const& bounced = std::get<Bounced>(outcome.outcome);
    set_phase(r, Phase::bounced);
    r.reason = bounced.reason;
    state.reply = bounced.reply;
    if (bounced.status.klass == 5) state.reply.status = bounced.status;
    report = wants_failure(notify);
  }
  state.phase = r.phase;
  state.reason = r.reason;
  finish_recipient(context, index, std::move(state), report);
}

/// A terminal state: told to the journal, and to the reverse-path when that is asked for.
void Queue::finish_recipient(SettleContext& context, std::uint32_t index, RecipientState state,
                             bool report) {
  Recipient& r = table_.at(context.slot).recipients()[index];
  r.report_due = report && settings_.make_reports && may_report(context.message);
  state.report_due = r.report_due;
  if (r.report_due) {
    ++reports_due_;
    context.reports.push_back(report_item(index, state));
  }
  Kind const kind = r.phase == Phase::delivered ? Kind::delivered
                    : r.phase == Phase::bounced ? Kind::bounced
                                                : Kind::expired;
  context.note(kind, index, state);
  // Alone and over: remove_if_finished() takes the whole message, a record would only be deleted.
  Message const& message = table_.at(context.slot);
  bool const alone = message.count == 1 && !r.report_due && !message.captured;
  if (!alone) put_state(context.slot, index, state, context.out);
}

void Queue::defer(SettleContext& context, std::uint32_t index, Deferred const& deferred) {
  Recipient& r = table_.at(context.slot).recipients()[index];
  QueuedMessage const& m = context.message;
  if (!deferred.attempted && !deferred.retry_at) {
    PB_MARK(given_back_at_once);
    set_phase(r, Phase::due);
    return;
  }
  Instant last_chance = m.expires_at;
  bool const return_late = m.envelope.deliver_by && m.envelope.deliver_by_return;  // RFC 2852 §4
  if (return_late) last_chance = std::min(last_chance, *m.envelope.deliver_by);
  if (!deferred.attempted && context.now < last_chance) {
    PB_MARK(given_back_until_later);
    set_phase(r, Phase::deferred);  // in memory only: after a restart it is asked again
    r.retry_at = std::clamp(*deferred.retry_at, context.now, last_chance);
    return;
  }
  if (deferred.attempted) r.attempts = static_cast<std::uint16_t>(std::min(r.attempts + 1, 0xFFFF));
  r.reason = deferred.reason;
  mail::DsnNotify const& notify = m.envelope.forward_paths[index].notify;
  if (context.now >= last_chance) {
    PB_MARK(expired);
    set_phase(r, Phase::expired);
    if (return_late && context.now < m.expires_at) r.reason = Reason::deliver_by_passed;
    RecipientState state = bare_state(r);
    state.reply = deferred.reply;
    finish_recipient(context, index, std::move(state), wants_failure(notify));
    return;
  }
  bool const warn =
      is_late(r, m, context.now) && wants_delay(notify) && may_report(m) && settings_.make_reports;
  // By-mode N: the try at its time is the one that may cause the notice.
  bool const in_time = m.envelope.deliver_by && context.now < *m.envelope.deliver_by;
  if (in_time) last_chance = std::min(last_chance, *m.envelope.deliver_by);
  Instant const next = deferred.retry_at.value_or(
      context.now + ladder(r.domain).wait(std::max<std::uint32_t>(r.attempts, 1), random_));
  set_phase(r, Phase::deferred);
  r.retry_at = std::clamp(next, context.now, last_chance);
  r.warned = r.warned || warn;
  RecipientState state = bare_state(r);
  state.reply = deferred.reply;
  if (warn) PB_MARK(delay_warned);
  if (r.attempts >= 4) PB_MARK(ladder_last_step);
  if (warn) context.reports.push_back(report_item(index, state));
  context.note(Kind::deferred, index, state, std::to_string(r.retry_at.time_since_epoch().count()));
  put_state(context.slot, index, state, context.out);
}

/// Time for a delay notice: once after the ladder's wait, and once when a wish of the sender is
/// missed (RFC 2852 §4): by the try that was planned in time and came to nothing.
bool Queue::is_late(Recipient const& recipient, QueuedMessage const& message, Instant now) const {
  Duration const warn_after = ladder(recipient.domain).warn_after;
  if (warn_after.count() > 0 && now >= message.accepted_at + warn_after && !recipient.warned)
    return true;
  auto const& wish = message.envelope.deliver_by;
  return wish && now >= *wish && recipient.retry_at <= *wish;
}

/// An operator spoke while the recipient was lent out; it came back undelivered.
void Queue::grant_wish(SettleContext& context, std::uint32_t index) {
  Recipient& r = table_.at(context.slot).recipients()[index];
  Wish const wish = std::exchange(r.wish, Wish::none);
  switch (wish) {
    case Wish::none:
      return;
    case Wish::hold: {
      PB_MARK(held_while_leased);
      set_phase(r, Phase::held);
      r.reason = Reason::held_by_admin;
      put_state(context.slot, index, bare_state(r), context.out);
      return;
    }
    case Wish::bounce:
    case Wish::remove: {
      PB_MARK(ended_while_leased);
      bool const report = wish == Wish::bounce;
      set_phase(r, Phase::bounced);
      r.reason = Reason::bounced_by_admin;
      mail::DsnNotify const& notify = context.message.envelope.forward_paths[index].notify;
      finish_recipient(context, index, bare_state(r), report && wants_failure(notify));
      return;
    }
  }
}

void Queue::end_lease(LeaseId lease) {
  auto const open = leases_.find(lease.value);
  PB_CHECK(open != leases_.end());
  table_.at(open->second.slot).leased = false;
  lines_.lease_ended(open->second.domain);
  leases_.erase(open);
}

void Queue::on(LeaseUnreadable const& event, Instant now, Effects& out) {
  auto const open = leases_.find(event.lease.value);
  if (open == leases_.end()) return;
  Slot const slot = open->second.slot;
  QueueId const id = table_.at(slot).id;
  for (std::uint32_t const index : open->second.recipients) {
    Recipient& r = table_.at(slot).recipients()[index];
    set_phase(r, Phase::held);
    r.reason = Reason::store_fault;
    put_state(slot, index, bare_state(r), out);
  }
  journal({.kind = Kind::held,
           .id = id,
           .fields = {{Key::reason, std::string{name(Reason::store_fault)}}}},
          now, out);
  end_lease(event.lease);
  schedule(slot, now);
}

void Queue::on(Reported const& event, Instant, Effects& out) {
  if (auto const slot = table_.find(event.id)) close_report(*slot, event.recipients, out);
}

void Queue::close_report(Slot slot, std::vector<std::uint32_t> const& recipients, Effects& out) {
  Message& message = table_.at(slot);
  for (std::uint32_t const index : recipients) {
    if (index >= message.count) continue;
    Recipient& r = message.recipients()[index];
    if (!r.report_due) continue;
    r.report_due = false;
    --reports_due_;
    if (message.count > 1 || message.captured) put_state(slot, index, bare_state(r), out);
  }
  remove_if_finished(slot, out);
}

void Queue::remove_if_finished(Slot slot, Effects& out) {
  Message const& message = table_.at(slot);
  auto const over = [](Recipient const& r) { return is_terminal(r.phase) && !r.report_due; };
  if (!std::ranges::all_of(message.recipients(), over)) return;
  QueueId const id = message.id;
  auto const all = message.recipients();
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (!all[i].has_record) continue;
    out.writes.push_back({Family::envelopes, state_key(id, i), std::nullopt});
  }
  if (message.captured) {
    notes_[slot].settled = true;
    put_note(slot, out);
    drop_from_table(slot);
    return;
  }
  if (message.has_note) out.writes.push_back({Family::envelopes, note_key(id), std::nullopt});
  out.writes.push_back({Family::envelopes, envelope_key(id), std::nullopt, true});
  out.writes.push_back({Family::bodies, body_key(id), std::nullopt, true});
  if (message.body_in_file) out.drop_bodies.push_back(id);
  drop_from_table(slot);
}
}  // namespace pb::queue
