// schedule.hpp: when a recipient is tried again, what is due next, and whose turn it is.
// Spec: RFC 5321 §4.5.4.1 (retry); ARCHITECTURE.md decision 4 (due index in memory).
// Tests: schedule_test.cpp                              Not here: states (queue.hpp), sites
// (delivery).
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

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/random.hpp"

namespace pb::queue {
/// How long to wait after the n-th attempt; the last step repeats.
struct RetryLadder {
  std::vector<Duration> steps{std::chrono::minutes{5}, std::chrono::minutes{15},
                              std::chrono::hours{1}, std::chrono::hours{4}};
  Duration warn_after = std::chrono::hours{4};  // a delay warning, once; zero: none
  /// Step `attempts_made` (1 is the first) give or take 10 %, so that what failed together does not
  /// come back together.
  [[nodiscard]] Duration wait(std::uint32_t attempts_made, Random& random) const;
  /// No wait is longer.
  [[nodiscard]] Duration longest() const;
};

/// A heap of slots by their due time; any slot can be moved or taken out. O(log n), 20 octets each.
class DueIndex {
 public:
  using Slot = std::uint32_t;
  /// Adds the slot, or moves it when it is there.
  void set(Slot slot, Instant due);
  /// Nothing happens when it is not there.
  void erase(Slot slot);
  [[nodiscard]] bool contains(Slot slot) const;
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  /// The earliest. Not when empty().
  [[nodiscard]] Instant next_due() const;
  Slot take_next();

 private:
  struct Item {
    std::int64_t due;
    Slot slot;
  };
  static constexpr std::uint32_t absent = ~0U;
  void place(std::size_t at, Item item);
  void sift_up(std::size_t at);
  void sift_down(std::size_t at);
  std::vector<Item> heap_;
  std::vector<std::uint32_t> position_;  // by slot
};

/// Due messages wait here, one line a domain and priority. The highest priority that waits goes
/// first (RFC 6710 §5.2); within one, domains take turns, so that a flood to one does not keep the
/// others waiting, and none has more than its share of leases out.
class ReadyLines {
 public:
  using DomainIndex = std::uint32_t;
  ReadyLines(std::size_t leases_max, std::size_t leases_per_domain_max);

  /// The domain's number; counted, so that names nobody uses are forgotten.
  DomainIndex use(std::string_view domain);
  void unuse(DomainIndex domain);
  [[nodiscard]] std::string const& name(DomainIndex domain) const { return domains_[domain].name; }
  /// nullopt: no queued recipient has it.
  [[nodiscard]] std::optional<DomainIndex> find(std::string_view domain) const;
  [[nodiscard]] std::size_t domains() const { return by_name_.size(); }

  /// `priority` is -9..9 (RFC 6710 §2): what is beyond counts as the nearest.
  void push(DomainIndex domain, QueueId id, int priority = 0);
  struct Turn {
    DomainIndex domain;
    QueueId id;
  };
  /// Who is next; it counts as lent until lease_ended(). nullopt: nobody, or all leases are out.
  std::optional<Turn> take();
  /// What take() gave was not lent, or its lease is over.
  void lease_ended(DomainIndex domain);
  [[nodiscard]] std::size_t leases_out() const { return leases_out_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  [[nodiscard]] std::size_t leases_out(DomainIndex d) const { return domains_[d].leases_out; }
  [[nodiscard]] std::size_t waiting(DomainIndex d) const { return domains_[d].waiting; }

 private:
  using Lane = std::size_t;  // 0 is priority 9
  static constexpr Lane lanes = 19;
  static constexpr Lane usual_lane = 9;
  struct Line {
    std::deque<QueueId> ids;
    bool in_ring = false;
  };
  struct Domain {
    std::string name;
    Line usual;                   // priority 0: nearly all mail
    std::map<Lane, Line> others;  // those that were needed once
    std::size_t waiting = 0;
    std::size_t uses = 0;
    std::size_t leases_out = 0;
  };
  static Line& line_of(Domain& domain, Lane lane) {
    return lane == usual_lane ? domain.usual : domain.others[lane];
  }
  void enter_ring(DomainIndex domain, Line& line, Lane lane);
  void enter_rings(DomainIndex domain);
  [[nodiscard]] bool is_in_ring(Domain const& domain) const;
  void forget_if_unused(DomainIndex domain);
  std::size_t leases_max_;
  std::size_t leases_per_domain_max_;
  std::size_t leases_out_ = 0;
  std::size_t waiting_ = 0;
  std::deque<Domain> domains_;
  std::vector<DomainIndex> free_;
  std::unordered_map<std::string, DomainIndex> by_name_;
  std::array<std::deque<DomainIndex>, lanes> rings_;  // domains with a line and a lease left
};
}  // namespace pb::queue
