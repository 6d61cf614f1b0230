// hot_bodies.hpp: bodies of messages that go out at once are used from memory, within one budget.
// Spec: ARCHITECTURE.md decision 4.               Not here: bodies in files, reading back.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/ids.hpp"

namespace pb::runtime {
/// The newest win: what does not fit pushes out what has waited longest. One thread.
class HotBodies {
 public:
  explicit HotBodies(std::size_t octets_max) : octets_max_{octets_max} {}

  void put(QueueId id, std::string bytes) {
    if (bytes.size() > octets_max_) return;
    octets_ += bytes.size();
    order_.push_back(id);
    bodies_[id.value()] = std::make_shared<std::string const>(std::move(bytes));
    while (octets_ > octets_max_ || order_.size() > 2 * bodies_.size() + 64) {
      take(order_.front());
      order_.pop_front();
    }
  }
  /// nullptr: it is not here. Taken out: the lease owns it now.
  std::shared_ptr<std::string const> take(QueueId id) {
    auto node = bodies_.extract(id.value());
    if (node.empty()) return nullptr;
    octets_ -= node.mapped()->size();
    return std::move(node.mapped());
  }

 private:
  std::size_t octets_max_;
  std::size_t octets_ = 0;
  std::deque<QueueId> order_;  // may name what was taken already
  std::unordered_map<std::uint64_t, std::shared_ptr<std::string const>> bodies_;  // shared: readers
};
}  // namespace pb::runtime
