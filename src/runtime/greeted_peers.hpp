// greeted_peers.hpp: who was greeted in the clear and has not been read from since, so that another
// connection of the same client sees the ClientHello that the first one has not come to yet.
// Spec: docs/reference/roles.md (the wrong security setting).  Tests: greeted_peers_test.cpp
// Not here: what is remembered of an address (policy/security_choice).
#pragma once

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/ip.hpp"
#include "smtp/client_hello.hpp"

namespace pb::runtime {
/// Not thread-safe: ServerShared::memory_mutex guards it, and stays held from the reading of a
/// first input to the note of what it was. Bounded by open sessions.
class GreetedPeers {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  /// A client that meets a greeting too early has one connection that tells, seldom more.
  static constexpr int looked_at_max = 8;

  void add(IpAddress const& address, int descriptor, SteadyTime accepted_at) {
    peers_.insert({{limit_network(address), descriptor}, accepted_at});
  }
  /// Before the descriptor is closed: its number may be another's at once.
  void remove(IpAddress const& address, int descriptor) {
    peers_.erase({limit_network(address), descriptor});
  }
  /// How long ago the connection was accepted on which a ClientHello now lies unread, if any does.
  [[nodiscard]] std::optional<Duration> unread_hello(IpAddress const& address,
                                                     SteadyTime now) const {
    Network network = limit_network(address);
    int looked_at = 0;
    for (auto peer = peers_.lower_bound({network, 0});
         peer != peers_.end() && peer->first.first == network && looked_at < looked_at_max;
         ++peer, ++looked_at) {
      if (!sent_hello(peer->first.second)) continue;
      return std::chrono::duration_cast<Duration>(now - peer->second);
    }
    return std::nullopt;
  }
  [[nodiscard]] std::size_t size() const { return peers_.size(); }

 private:
  /// What the kernel has counts, also when a reset came behind it.
  static bool sent_hello(int descriptor) {
    std::array<char, 8> first{};
    ssize_t got = ::recv(descriptor, first.data(), first.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got <= 0) return false;
    std::string_view bytes{first.data(), static_cast<std::size_t>(got)};
    return smtp::looks_like_client_hello(bytes) == smtp::Guess::yes;
  }

  std::map<std::pair<Network, int>, SteadyTime> peers_;
};
}  // namespace pb::runtime
