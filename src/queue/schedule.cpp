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

Duration RetryLadder::longest() const {
  PB_CHECK(!steps.empty());
  Duration const step = *std::ranges::max_element(steps);
  return step + step / 10;
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
  if (d.uses != 0 || d.leases_out != 0 || d.waiting != 0 || d.name.empty() || is_in_ring(d)) return;
  by_name_.erase(d.name);
  d.name.clear();
  d.others.clear();
  free_.push_back(domain);
}

bool ReadyLines::is_in_ring(Domain const& domain) const {
  auto const in_ring = [](auto const& other) { return other.second.in_ring; };
  return domain.usual.in_ring || std::ranges::any_of(domain.others, in_ring);
}

std::optional<ReadyLines::DomainIndex> ReadyLines::find(std::string_view domain) const {
  auto const at = by_name_.find(std::string{domain});
  if (at == by_name_.end()) return std::nullopt;
  return at->second;
}

void ReadyLines::enter_ring(DomainIndex domain, Line& line, Lane lane) {
  bool const full = domains_[domain].leases_out >= leases_per_domain_max_;
  if (line.in_ring || line.ids.empty() || full) return;
  line.in_ring = true;
  rings_[lane].push_back(domain);
}

void ReadyLines::enter_rings(DomainIndex domain) {
  Domain& d = domains_[domain];
  enter_ring(domain, d.usual, usual_lane);
  for (auto& [lane, line] : d.others) enter_ring(domain, line, lane);
}

void ReadyLines::push(DomainIndex domain, QueueId id, int priority) {
  Lane const lane = static_cast<Lane>(9 - std::clamp(priority, -9, 9));
  Domain& d = domains_[domain];
  Line& line = line_of(d, lane);
  line.ids.push_back(id);
  ++d.waiting;
  ++waiting_;
  enter_ring(domain, line, lane);
}

std::optional<ReadyLines::Turn> ReadyLines::take() {
  if (waiting_ == 0 || leases_out_ >= leases_max_) return std::nullopt;
  for (Lane lane = 0; lane < lanes; ++lane) {
    while (!rings_[lane].empty()) {
      DomainIndex const domain = rings_[lane].front();
      rings_[lane].pop_front();
      Domain& d = domains_[domain];
      Line& line = line_of(d, lane);
      line.in_ring = false;
      PB_CHECK(!line.ids.empty());
      // Another of its lines took the last lease; it comes back when one ends.
      if (d.leases_out >= leases_per_domain_max_) continue;
      Turn const turn{domain, line.ids.front()};
      line.ids.pop_front();
      --d.waiting;
      --waiting_;
      ++d.leases_out;
      ++leases_out_;
      enter_ring(domain, line, lane);
      return turn;
    }
  }
  return std::nullopt;
}

void ReadyLines::lease_ended(DomainIndex domain) {
  PB_CHECK(domains_[domain].leases_out > 0 && leases_out_ > 0);
  --domains_[domain].leases_out;
  --leases_out_;
  enter_rings(domain);
  forget_if_unused(domain);
}
}  // namespace pb::queue
