// tls_sessions.hpp: what next hops gave us to shorten the next handshake with them.
// Spec: RFC 8446 §2.2, §C.4 (a ticket is used once), RFC 5077; RFC 9325 §3.4.
// Tests: tls_sessions_test.cpp, delivery_agent_test.cpp
// Not here: the handshake (tls_stream.hpp), whose certificate is believed (peer_trust.hpp).
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "runtime/tls_stream.hpp"

namespace pb::runtime {
/// For one thread. Bounded: the peer that was heard of longest ago is forgotten first.
class TlsSessions {
 public:
  static constexpr std::size_t keys_max = 1000;
  static constexpr std::size_t sessions_per_key_max = 2;
  /// However long a peer's ticket may live: its certificate is looked at again after that.
  static constexpr Duration kept_for = std::chrono::hours{2};

  /// Null: none. A session of TLS 1.3 is given once, one of TLS 1.2 again and again.
  SslSession take(std::string const& key, Instant now);
  /// `key` says all that the check of the peer depended on: who it is and what was demanded.
  void put(std::string const& key, SslSession session, Instant now);
  [[nodiscard]] std::size_t keys() const { return by_key_.size(); }

 private:
  struct Kept {
    SslSession session;
    Instant at;
  };
  std::map<std::string, std::deque<Kept>> by_key_;  // newest last
  std::deque<std::string> order_;                   // keys by when they came
};
}  // namespace pb::runtime
