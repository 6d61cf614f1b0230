// views.cpp: what can be seen of the queue without touching it.
// Spec: docs/queue-states.md (list, show, stats).              Not here: words (cli/, api/).
#include <algorithm>
#include <utility>

#include "queue/queue.hpp"

namespace pb::queue {
QueueStats Queue::stats() const {
  auto const count = [&](Phase phase) { return phase_counts_[static_cast<std::size_t>(phase)]; };
  QueueStats stats{.messages = table_.size(),
                   .due = count(Phase::due),
                   .leased = count(Phase::leased),
                   .deferred = count(Phase::deferred),
                   .held = count(Phase::held),
                   .reports_due = reports_due_,
                   .leases_out = lines_.leases_out(),
                   .domains = lines_.domains(),
                   .next_due = std::nullopt,
                   .store_failed = store_failed_};
  if (!due_.empty()) stats.next_due = due_.next_due();
  return stats;
}

std::optional<Queue::MessageView> Queue::view(QueueId id) const {
  auto const slot = table_.find(id);
  if (!slot) return std::nullopt;
  Message const& message = table_.at(*slot);
  MessageView view{.id = id,
                   .expires_at = message.expires_at,
                   .account = accounts_[message.account],
                   .crashes = message.crashes,
                   .recipients = {}};
  std::uint32_t index = 0;
  for (Recipient const& r : message.recipients()) {
    view.recipients.push_back({index++, lines_.name(r.domain), &r});
  }
  return view;
}

Queue::Page Queue::list(AdminFilter const& filter, std::uint32_t cursor, std::size_t count_max,
                        std::size_t slots_max) const {
  Page page;
  std::size_t looked_at = 0;
  for (Slot slot = cursor; slot < table_.slots(); ++slot) {
    if (page.ids.size() == count_max || looked_at++ == slots_max) {
      page.next = slot;
      return page;
    }
    Message const& message = table_.at(slot);
    if (message.count != 0 && matches(filter, message)) page.ids.push_back(message.id);
  }
  return page;
}

std::vector<Queue::DomainStats> Queue::by_domain(std::size_t count_max) const {
  std::unordered_map<std::uint32_t, DomainStats> counts;
  for (Slot slot = 0; slot < table_.slots(); ++slot) {
    for (Recipient const& r : table_.at(slot).recipients()) {
      if (is_terminal(r.phase)) continue;
      DomainStats& row = counts[r.domain];
      ++row.recipients;
      if (r.phase == Phase::due) ++row.due;
      if (r.phase == Phase::deferred) ++row.deferred;
      if (r.phase == Phase::held) ++row.held;
      if (r.phase == Phase::leased) ++row.leased;
    }
  }
  std::vector<DomainStats> rows;
  for (auto& [domain, row] : counts) {
    row.domain = lines_.name(domain);
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, [](DomainStats const& a, DomainStats const& b) {
    return a.recipients != b.recipients ? a.recipients > b.recipients : a.domain < b.domain;
  });
  if (rows.size() > count_max) rows.resize(count_max);
  return rows;
}
}  // namespace pb::queue
