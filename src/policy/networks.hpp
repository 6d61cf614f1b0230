// networks.hpp: which of the configured networks a peer is in.             Tests: networks_test.cpp
// Spec: docs/reference/configuration.md (trust, XCLIENT, PROXY); XCLIENT as Postfix documents it.
// Not here: reading [networks] (app/config), PROXY headers (smtp/proxy_protocol).
#pragma once

#include <vector>

#include "base/ip.hpp"
#include "smtp/server/facts.hpp"

namespace pb::policy {
/// [networks] of the configuration.
struct NetworkTable {
  std::vector<Network> trusted;
  std::vector<Network> xclient;
  std::vector<Network> normalise_lines;
  bool xclient_login = false;
};

/// Sets the four flags of `peer` for peer.peer; socket_peer never counts, so that a load balancer
/// in a trusted network makes no open relay. Called before the session and again behind XCLIENT:
/// then may_xclient stays as it was, and the rest is that of the address that XCLIENT gave.
smtp::server::PeerFacts classify_peer(NetworkTable const& networks, smtp::server::PeerFacts peer);
}  // namespace pb::policy
