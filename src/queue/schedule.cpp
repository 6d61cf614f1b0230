// schedule.cpp: see schedule.hpp.                                    Spec: RFC 5321 §4.5.4.1.
#include "queue/schedule.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace pb::queue {
Duration RetryLadder::wait(std::uint32_t attempts_made, Random& random) const {
  PB_CHECK(!steps.empty());
  std::size_t const step = std::min<std::size_t>(std::max(attempts_made, 1U), steps.size()) - 1;
  auto const base = steps[step].count();
  auto const spread = static_cast<std::uint64_t>(base / 5);  // 20 % in all
  return Duration{base - base / 10 + static_cast<Duration::rep>(random.below(spread + 1))};
}

// The due index ---------------------------------------------------------------------------------

bool DueIndex::contains(Slot slot) const {
  return slot < position_.size() && position_[slot] != absent;
}

void DueIndex::set(Slot slot, Instant due) {
  std::int64_t const at = due.time_since_epoch().count();
  if (contains(slot)) {
    std::size_t const where = position_[slot];
    std::int64_t const before = std::exchange(heap_[where].due, at);
    at < before ? sift_up(where) : sift_down(where);
    return;
  }
  if (slot >= position_.size()) position_.resize(slot + 1, absent);
  heap_.push_back({at, slot});
  position_[slot] = static_cast<std::uint32_t>(heap_.size() - 1);
  sift_up(heap_.size() - 1);
}

void DueIndex::erase(Slot slot) {
  if (!contains(slot)) return;
  std::size_t const where = position_[slot];
  position_[slot] = absent;
  Item const last = heap_.back();
  heap_.pop_back();
  if (where == heap_.size()) return;
  place(where, last);
  sift_up(where);
  sift_down(position_[last.slot]);
}

Instant DueIndex::next_due() const {
  PB_CHECK(!heap_.empty());
  return Instant{Duration{heap_.front().due}};
}

DueIndex::Slot DueIndex::take_next() {
  PB_CHECK(!heap_.empty());
  Slot const slot = heap_.front().slot;
  erase(slot);
  return slot;
}

void DueIndex::place(std::size_t at, Item item) {
  heap_[at] = item;
  position_[item.slot] = static_cast<std::uint32_t>(at);
}

void DueIndex::sift_up(std::size_t at) {
  Item const item = heap_[at];
  while (at > 0) {
    std::size_t const parent = (at - 1) / 2;
    if (heap_[parent].due <= item.due) break;
    place(at, heap_[parent]);
    at = parent;
  }
  place(at, item);
}

void DueIndex::sift_down(std::size_t at) {
  Item const item = heap_[at];
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].due < heap_[child].due) ++child;
    if (item.due <= heap_[child].due) break;
    place(at, heap_[child]);
    at = child;
  }
  place(at, item);
}

// The ready lines -------------------------------------------------------------------------------

ReadyLines::ReadyLines(std::size_t leases_max, std::size_t leases_per_domain_max)
    : leases_max_{leases_max}, leases_per_domain_max_{leases_per_domain_max} {}

ReadyLines::DomainIndex ReadyLines::use(std::string_view domain) {
  auto const [at, added] = by_name_.try_emplace(std::string{domain}, 0);
  if (added) {
    if (free_.empty()) {
      free_.push_back(static_cast<DomainIndex>(domains_.size()));
      domains_.emplace_back();
    }
    at->second = free_.back();
    free_.pop_back();
    domains_[at->second].name = domain;
  }
  ++domains_[at->second].uses;
  return at->second;
}

void ReadyLines::unuse(DomainIndex domain) {
  PB_CHECK(domains_[domain].uses > 0);
  --domains_[domain].uses;
  forget_if_unused(domain);
}

/// A number is given again only when nothing refers to it any more.
void ReadyLines::forget_if_unused(DomainIndex domain) {
  Domain& d = domains_[domain];
  if (d.uses != 0 || d.leases_out != 0 || !d.line.empty() || d.in_ring || d.name.empty()) return;
  by_name_.erase(d.name);
  d.name.clear();
  free_.push_back(domain);
}

std::optional<ReadyLines::DomainIndex> ReadyLines::find(std::string_view domain) const {
  auto const at = by_name_.find(std::string{domain});
  if (at == by_name_.end()) return std::nullopt;
  return at->second;
}

void ReadyLines::enter_ring(DomainIndex domain) {
  Domain& d = domains_[domain];
  if (d.in_ring || d.line.empty() || d.leases_out >= leases_per_domain_max_) return;
  d.in_ring = true;
  ring_.push_back(domain);
}

void ReadyLines::push(DomainIndex domain, QueueId id) {
  domains_[domain].line.push_back(id);
  ++waiting_;
  enter_ring(domain);
}

std::optional<ReadyLines::Turn> ReadyLines::take() {
  if (ring_.empty() || leases_out_ >= leases_max_) return std::nullopt;
  DomainIndex const domain = ring_.front();
  ring_.pop_front();
  Domain& d = domains_[domain];
  d.in_ring = false;
  PB_CHECK(!d.line.empty());
  Turn const turn{domain, d.line.front()};
  d.line.pop_front();
  --waiting_;
  ++d.leases_out;
  ++leases_out_;
  enter_ring(domain);
  return turn;
}

void ReadyLines::lease_ended(DomainIndex domain) {
  PB_CHECK(domains_[domain].leases_out > 0 && leases_out_ > 0);
  --domains_[domain].leases_out;
  --leases_out_;
  enter_ring(domain);
  forget_if_unused(domain);
}
}  // namespace pb::queue
