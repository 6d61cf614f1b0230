// queue.cpp: the reducer's core: dispatch, turns, leases, and what every event writes.
// Spec: ARCHITECTURE.md "Queue states".     Not here: accept.cpp, settle.cpp, admin.cpp, views.cpp.
#include "queue/queue.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "base/mark.hpp"

namespace pb::queue {
namespace {
constexpr std::size_t fresh_max = 10'000;
constexpr Duration given_back_max = std::chrono::minutes{30};  // delivery::SiteLimits::down_max
}  // namespace

Queue::Queue(QueueSettings settings, Random& random)
    : settings_{std::move(settings)},
      random_{random},
      lines_{settings_.leases_max, settings_.leases_per_domain_max},
      next_sequence_{settings_.first_sequence} {}

void Queue::handle(Event const& event, Instant now, Effects& out) {
  std::visit([&](auto const& e) { on(e, now, out); }, event);
  lend(now, out);
  if (!jobs_.empty()) {
    out.wake_at = now;
  } else if (!due_.empty() && !store_failed_) {
    out.wake_at = due_.next_due();
  } else {
    out.wake_at.reset();
  }
}

void Queue::on(Timer const&, Instant now, Effects& out) { run_jobs(now, out); }

/// FUTURERELEASE names a time of day: what was not tried yet, and waits for longer than a site that
/// is down may make it, keeps its time.
void Queue::on(ClockSetBack const& event, Instant now, Effects&) {
  Instant const before = now + event.by;
  for (Slot slot = 0; slot < table_.slots(); ++slot) {
    if (table_.at(slot).count == 0) continue;
    for (Recipient& r : table_.at(slot).recipients()) {
      bool const asked_for = r.attempts == 0 && r.retry_at > before + given_back_max;
      if (r.phase == Phase::deferred && !asked_for) r.retry_at -= event.by;
    }
    schedule(slot, now);
  }
}

/// Moves what has become due into the lines, then lends as long as anyone's turn may come.
void Queue::lend(Instant now, Effects& out) {
  if (store_failed_) return;
  while (!due_.empty() && due_.next_due() <= now) {
    Slot const slot = due_.take_next();
    Message& message = table_.at(slot);
    if (message.ready || message.leased) continue;
    auto const all = message.recipients();
    auto const is_due = [&](Recipient const& r) {
      return r.phase == Phase::due || (r.phase == Phase::deferred && r.retry_at <= now);
    };
    auto const first = std::ranges::find_if(all, is_due);
    if (first == all.end()) continue;
    message.ready = true;
    lines_.push(first->domain, message.id, message.priority);
  }
  while (auto const turn = lines_.take()) {
    auto const slot = table_.find(turn->id);
    Lease lease;
    lease.lease = LeaseId{next_lease_};
    lease.id = turn->id;
    if (slot) {
      Message& message = table_.at(*slot);
      message.ready = false;
      auto const all = message.recipients();
      for (std::uint32_t i = 0; i < all.size(); ++i) {
        Recipient& r = all[i];
        if (r.phase == Phase::deferred && r.retry_at <= now) set_phase(r, Phase::due);
        if (r.phase != Phase::due) continue;
        set_phase(r, Phase::leased);
        lease.attempt = std::max<std::uint32_t>(lease.attempt, r.attempts + 1U);
        lease.recipients.push_back(i);
      }
      message.leased = !lease.recipients.empty();
    }
    if (lease.recipients.empty()) PB_MARK(turn_of_nobody);
    if (lease.recipients.empty()) {  // held, removed or bounced while it stood in line
      lines_.lease_ended(turn->domain);
      continue;
    }
    ++next_lease_;
    leases_.emplace(lease.lease.value, OpenLease{*slot, turn->domain, lease.recipients});
    if (auto const note = notes_.find(*slot); note != notes_.end()) lease.via = note->second.via;
    if (auto const fresh = fresh_.find(*slot); fresh != fresh_.end()) {
      PB_MARK(lent_from_memory);
      lease.message = std::move(fresh->second);
      fresh_.erase(fresh);
    }
    out.leases.push_back(std::move(lease));
  }
}

/// Puts the message where its earliest recipient that may be tried belongs.
void Queue::schedule(Slot slot, Instant now) {
  Message const& message = table_.at(slot);
  if (message.ready || message.leased) return;
  std::optional<Instant> earliest;
  for (Recipient const& r : message.recipients()) {
    if (r.phase != Phase::due && r.phase != Phase::deferred) continue;
    Instant const at = r.phase == Phase::due ? now : r.retry_at;
    if (!earliest || at < *earliest) earliest = at;
  }
  if (earliest) {
    due_.set(slot, *earliest);
  } else {
    due_.erase(slot);
  }
}

void Queue::set_phase(Recipient& recipient, Phase phase) {
  PB_CHECK(is_legal(recipient.phase, phase));
  --phase_counts_[static_cast<std::size_t>(recipient.phase)];
  ++phase_counts_[static_cast<std::size_t>(phase)];
  recipient.phase = phase;
}

void Queue::put_state(Slot slot, std::uint32_t index, RecipientState const& state, Effects& out) {
  Message& message = table_.at(slot);
  message.recipients()[index].has_record = true;
  out.writes.push_back({Family::envelopes, state_key(message.id, index), encode(state)});
}

void Queue::put_note(Slot slot, Effects& out) {
  Message& message = table_.at(slot);
  message.has_note = true;
  out.writes.push_back({Family::envelopes, note_key(message.id), encode(notes_[slot])});
}

void Queue::journal(journal::Entry entry, Instant now, Effects& out) {
  entry.sequence = next_sequence_++;
  entry.at = now;
  out.writes.push_back({Family::journal, journal::entry_key(entry.sequence), encode(entry), true});
  out.writes.push_back(
      {Family::journal, journal::index_key(entry.sequence, entry.id), std::string{}, true});
}

/// What is known in memory: the last reply is not.
RecipientState Queue::bare_state(Recipient const& r) const {
  RecipientState state;
  state.phase = r.phase == Phase::leased ? Phase::due : r.phase;
  state.attempts = r.attempts;
  state.retry_at = r.retry_at;
  state.reason = r.reason;
  state.report_due = r.report_due;
  state.warned = r.warned;
  return state;
}

RetryLadder const& Queue::ladder(std::uint32_t domain) const {
  if (settings_.retry_by_domain.empty()) return settings_.retry;
  auto const at = settings_.retry_by_domain.find(lines_.name(domain));
  return at == settings_.retry_by_domain.end() ? settings_.retry : at->second;
}

std::uint64_t Queue::hash_address(std::string_view address) const {
  // Two rounds of a seeded mix a block: not to be predicted without the seed.
  std::uint64_t hash = settings_.hash_seed ^ 0x9e3779b97f4a7c15;
  for (char const c : address) {
    hash = (hash ^ static_cast<unsigned char>(ascii::lower(c))) * 0xff51afd7ed558ccd;
    hash ^= (hash >> 29) ^ (settings_.hash_seed << 7);
  }
  return hash;
}
std::uint64_t Queue::hash_address(mail::Mailbox const& mailbox) const {
  return hash_address(mailbox.local_part + '@' + mailbox.domain.key());
}

std::uint32_t Queue::intern_account(std::string_view account) {
  if (account.empty()) return 0;
  auto const next = static_cast<std::uint32_t>(accounts_.size());
  auto const [at, added] = account_numbers_.try_emplace(std::string{account}, next);
  if (added) accounts_.emplace_back(account);
  return at->second;
}

Queue::Slot Queue::add_to_table(QueuedMessage const& message, std::vector<Phase> const& phases,
                                Reason held) {
  auto const& paths = message.envelope.forward_paths;
  Slot const slot = table_.add(message.id, paths.size());
  Message& row = table_.at(slot);
  row.expires_at = message.expires_at;
  row.account = intern_account(message.account);
  row.body_in_file = message.body_in_file;
  row.priority = message.envelope.priority;
  auto const all = row.recipients();
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].address_hash = hash_address(paths[i].mailbox);
    all[i].domain = lines_.use(paths[i].mailbox.domain.key());
    all[i].phase = phases[i];
    all[i].reason = phases[i] == Phase::held ? held : Reason::none;
    ++phase_counts_[static_cast<std::size_t>(phases[i])];
  }
  return slot;
}

void Queue::drop_from_table(Slot slot) {
  for (Recipient const& r : table_.at(slot).recipients()) {
    --phase_counts_[static_cast<std::size_t>(r.phase)];
    if (r.report_due) --reports_due_;
    lines_.unuse(r.domain);
  }
  due_.erase(slot);
  notes_.erase(slot);
  fresh_.erase(slot);
  table_.remove(slot);
}

void Queue::remember_fresh(Slot slot, std::shared_ptr<QueuedMessage const> message) {
  if (fresh_.size() < fresh_max) fresh_.emplace(slot, std::move(message));
}
}  // namespace pb::queue
