// dns_cache.hpp: answers until their time is over, bounded: the longest unused goes first.
// Spec: RFC 1035 §7.4; RFC 2308 §5.              Tests: resolver_test.cpp    Not here: asking.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>

#include "base/clock.hpp"
#include "dns/answer.hpp"

namespace pb::runtime {
/// Not thread-safe.
class DnsCache {
 public:
  explicit DnsCache(std::size_t entries_max) : entries_max_{entries_max} {}

  std::optional<dns::Answer> find(dns::Question const& question, Instant now) {
    auto const found = entries_.find(question);
    if (found == entries_.end()) return std::nullopt;
    if (found->second.expires_at <= now) {
      order_.erase(found->second.place);
      entries_.erase(found);
      return std::nullopt;
    }
    order_.splice(order_.begin(), order_, found->second.place);
    return found->second.answer;
  }

  void put(dns::Question const& question, dns::Answer answer, Instant expires_at) {
    if (entries_max_ == 0) return;
    auto const found = entries_.find(question);
    if (found != entries_.end()) {
      found->second.answer = std::move(answer);
      found->second.expires_at = expires_at;
      order_.splice(order_.begin(), order_, found->second.place);
      return;
    }
    if (entries_.size() >= entries_max_) {
      entries_.erase(order_.back());
      order_.pop_back();
    }
    order_.push_front(question);
    entries_.emplace(question, Entry{std::move(answer), expires_at, order_.begin()});
  }

  void clear() {
    entries_.clear();
    order_.clear();
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    dns::Answer answer;
    Instant expires_at;
    std::list<dns::Question>::iterator place;
  };
  std::size_t entries_max_;
  std::map<dns::Question, Entry> entries_;
  std::list<dns::Question> order_;  // the most recently used first
};
}  // namespace pb::runtime
