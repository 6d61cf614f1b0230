// tls_sessions.cpp: see tls_sessions.hpp.                     Spec: RFC 8446 §C.4, RFC 5077.
// Tests: tls_sessions_test.cpp
#include "runtime/tls_sessions.hpp"

#include <utility>

namespace pb::runtime {
SslSession TlsSessions::take(std::string const& key, Instant now) {
  auto const found = by_key_.find(key);
  if (found == by_key_.end() || found->second.empty()) return nullptr;
  Kept kept = std::move(found->second.back());
  found->second.pop_back();
  bool const young = now >= kept.at && now - kept.at < kept_for;
  if (!young || SSL_SESSION_is_resumable(kept.session.get()) != 1) return nullptr;
  if (SSL_SESSION_get_protocol_version(kept.session.get()) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(kept.session.get());
    found->second.push_back({SslSession{kept.session.get()}, kept.at});
  }
  return std::move(kept.session);
}

void TlsSessions::put(std::string const& key, SslSession session, Instant now) {
  auto const [found, added] = by_key_.try_emplace(key);
  if (added) order_.push_back(key);
  if (found->second.size() == sessions_per_key_max) found->second.pop_front();
  found->second.push_back({std::move(session), now});
  if (by_key_.size() <= keys_max) return;
  by_key_.erase(order_.front());
  order_.pop_front();
}
}  // namespace pb::runtime
