// network_counts.hpp: how many sessions each stranger's network has open, for all cores.
// Spec: docs/reference (limits).                                Tests: server_test.cpp
// Not here: who is exempt (smtp_connection, listener).
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <utility>

#include "base/ip.hpp"

namespace pb::runtime {
/// Thread-safe; the lock is held for one look-up, twice a session. Bounded by open sessions.
class NetworkCounts {
 public:
  /// False, and nothing counted, when the network has `sessions_max` already.
  [[nodiscard]] bool enter(Network const& network, std::size_t sessions_max) {
    std::scoped_lock lock{mutex_};
    std::size_t& open = open_[network];
    if (open >= sessions_max) {
      if (open == 0) open_.erase(network);
      return false;
    }
    ++open;
    return true;
  }
  void leave(Network const& network) {
    std::scoped_lock lock{mutex_};
    auto found = open_.find(network);
    if (found != open_.end() && --found->second == 0) open_.erase(found);
  }
  [[nodiscard]] std::size_t networks() const {
    std::scoped_lock lock{mutex_};
    return open_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<Network, std::size_t> open_;
};
}  // namespace pb::runtime
