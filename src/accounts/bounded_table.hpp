// bounded_table.hpp: a table that forgets what was not touched for longest when it is full.
// Spec: STYLE.md ("every table that strangers can fill is bounded").   Tests:
// login_throttle_test.cpp Not here: expiry by time (its users look at their own instants).
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

#include "base/check.hpp"

namespace pb::accounts {
/// Each operation is O(1) but erase_if. Pointers stay valid until the entry is forgotten.
template <class Key, class Value>
class BoundedTable {
 public:
  explicit BoundedTable(std::size_t entries_max) : entries_max_{entries_max} {
    PB_CHECK(entries_max > 0);
  }
  [[nodiscard]] std::size_t size() const { return index_.size(); }

  /// Without touching it; nullptr when it is not there.
  [[nodiscard]] Value const* find(Key const& key) const {
    auto const found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second->second;
  }
  /// The entry, made when it is not there; it is the last to be forgotten now.
  Value& touch(Key const& key) {
    auto const found = index_.find(key);
    if (found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->second;
    }
    if (index_.size() == entries_max_) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(key, Value{});
    index_.emplace(key, entries_.begin());
    return entries_.front().second;
  }
  void erase(Key const& key) {
    auto const found = index_.find(key);
    if (found == index_.end()) return;
    entries_.erase(found->second);
    index_.erase(found);
  }
  /// Removes every entry for which `drop(key, value)` is true. O(size).
  template <class Drop>
  void erase_if(Drop drop) {
    for (auto it = entries_.begin(); it != entries_.end();) {
      if (drop(it->first, it->second)) {
        index_.erase(it->first);
        it = entries_.erase(it);
      } else {
        ++it;
      }
    }
  }

 private:
  using Entries = std::list<std::pair<Key, Value>>;
  std::size_t entries_max_;
  Entries entries_;  // last touched first
  std::unordered_map<Key, typename Entries::iterator> index_;
};
}  // namespace pb::accounts
