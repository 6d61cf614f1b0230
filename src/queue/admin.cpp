// admin.cpp: what operators order: found by what messages have in common, done in slices.
// Spec: admin.hpp.                                  Not here: who may order it (api/), words
// (cli/).
#include "queue/admin.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "queue/queue.hpp"

namespace pb::queue {
namespace {
using journal::Key;
using journal::Kind;

Kind kind_of(AdminAction action) {
  switch (action) {
    case AdminAction::hold:
      return Kind::held;
    case AdminAction::release:
      return Kind::released;
    case AdminAction::retry:
      return Kind::retried;
    case AdminAction::bounce:
      return Kind::bounced;
    case AdminAction::remove:
      return Kind::removed;
    case AdminAction::reroute:
      return Kind::rerouted;
  }
  return Kind::held;
}
}  // namespace

bool Queue::matches(AdminFilter const& filter, Recipient const& recipient) const {
  if (!filter.domain.empty() && lines_.name(recipient.domain) != filter.domain) return false;
  return filter.recipient.empty() || recipient.address_hash == hash_address(filter.recipient);
}

bool Queue::matches(AdminFilter const& filter, Message const& message) const {
  bool const says_something = filter.all || !filter.ids.empty() || !filter.domain.empty() ||
                              !filter.recipient.empty() || !filter.account.empty() ||
                              filter.older_than.has_value();
  if (!says_something) return false;
  if (!filter.ids.empty() && std::ranges::find(filter.ids, message.id) == filter.ids.end())
    return false;
  if (!filter.account.empty() && accounts_[message.account] != filter.account) return false;
  if (filter.older_than && message.id.made_at() >= *filter.older_than) return false;
  return std::ranges::any_of(message.recipients(),
                             [&](Recipient const& r) { return matches(filter, r); });
}

void Queue::on(Admin const& event, Instant now, Effects& out) {
  Job job{.ticket = event.ticket, .request = event.request, .progress = {}, .end = table_.slots()};
  job.progress.of = table_.size();
  if (!job.request.filter.ids.empty()) {  // no search: each is looked up
    for (QueueId const id : job.request.filter.ids) {
      ++job.progress.looked_at;
      auto const slot = table_.find(id);
      if (slot && matches(job.request.filter, table_.at(*slot))) {
        job.progress.recipients += apply(job.request, *slot, now, out);
      }
    }
    job.progress.finished = true;
    out.admin.emplace_back(job.ticket, job.progress);
    return;
  }
  jobs_.push_back(std::move(job));
  run_jobs(now, out);
}

/// One slice of the oldest job: the next comes with the next Timer, behind what mail has to say.
void Queue::run_jobs(Instant now, Effects& out) {
  if (jobs_.empty()) return;
  Job& job = jobs_.front();
  job.progress.finished = run_slice(job, now, out);
  out.admin.emplace_back(job.ticket, job.progress);
  if (job.progress.finished) jobs_.pop_front();
}

bool Queue::run_slice(Job& job, Instant now, Effects& out) {
  Slot const until =
      static_cast<Slot>(std::min<std::size_t>(job.end, std::size_t{job.next} + settings_.slice));
  std::size_t const enough = job.progress.recipients + settings_.slice_changes;
  for (; job.next < until && job.progress.recipients < enough; ++job.next) {
    if (table_.at(job.next).count == 0) continue;
    ++job.progress.looked_at;
    if (!matches(job.request.filter, table_.at(job.next))) continue;
    job.progress.recipients += apply(job.request, job.next, now, out);
  }
  return job.next >= job.end;
}

/// Everything about one message; how many recipients it changed. The slot may be free afterwards.
std::size_t Queue::apply(AdminRequest const& request, Slot slot, Instant now, Effects& out) {
  Message& message = table_.at(slot);
  std::size_t changed = 0;
  ReportRequest report{.id = message.id, .message = nullptr, .items = {}};
  for (std::uint32_t i = 0; i < message.count; ++i) {
    if (!matches(request.filter, message.recipients()[i])) continue;
    if (!apply(request, slot, i, out)) continue;
    ++changed;
    Recipient const& r = message.recipients()[i];
    if (r.report_due && request.action == AdminAction::bounce) {
      report.items.push_back(report_item(i, bare_state(r)));
    }
  }
  if (changed == 0) return 0;
  if (request.action == AdminAction::reroute) {
    notes_[slot].via = request.via;
    notes_[slot].crashes = message.crashes;
    put_note(slot, out);
  }
  journal::Entry entry{.kind = kind_of(request.action), .id = message.id, .fields = {}};
  entry.fields.push_back({Key::actor, request.actor});
  if (!request.via.empty()) entry.fields.push_back({Key::via, request.via});
  journal(std::move(entry), now, out);
  if (!report.items.empty()) out.reports.push_back(std::move(report));
  schedule(slot, now);
  remove_if_finished(slot, out);
  return changed;
}

bool Queue::apply(AdminRequest const& request, Slot slot, std::uint32_t index, Effects& out) {
  Recipient& r = table_.at(slot).recipients()[index];
  if (is_terminal(r.phase)) return false;
  bool const leased = r.phase == Phase::leased;
  switch (request.action) {
    case AdminAction::hold:
      if (r.phase == Phase::held) return false;
      if (leased) return std::exchange(r.wish, Wish::hold) != Wish::hold;
      set_phase(r, Phase::held);
      r.reason = Reason::held_by_admin;
      break;
    case AdminAction::release:
      if (leased) return std::exchange(r.wish, Wish::none) != Wish::none;
      if (r.phase != Phase::held) return false;
      set_phase(r, Phase::due);
      r.reason = Reason::none;
      table_.at(slot).crashes = 0;
      break;
    case AdminAction::retry:
    case AdminAction::reroute:
      if (leased || r.phase == Phase::held) return request.action == AdminAction::reroute;
      if (r.phase == Phase::due) return request.action == AdminAction::reroute;
      set_phase(r, Phase::due);
      r.retry_at = Instant{};
      break;
    case AdminAction::bounce:
    case AdminAction::remove: {
      bool const bounce = request.action == AdminAction::bounce;
      Wish const wish = bounce ? Wish::bounce : Wish::remove;
      if (leased) return std::exchange(r.wish, wish) != wish;
      set_phase(r, Phase::bounced);
      r.reason = Reason::bounced_by_admin;
      r.report_due = bounce && settings_.make_reports;
      if (r.report_due) ++reports_due_;
      break;
    }
  }
  put_state(slot, index, bare_state(r), out);
  return true;
}
}  // namespace pb::queue
