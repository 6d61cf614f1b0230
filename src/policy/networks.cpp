// networks.cpp: see networks.hpp.  Spec: docs/reference/configuration.md.
// Tests: networks_test.cpp                                              Not here: configuration.
#include "policy/networks.hpp"

#include <algorithm>

namespace pb::policy {
namespace {
bool contains(std::vector<Network> const& networks, IpAddress const& address) {
  // 0.0.0.0 and :: stand for "unknown": a network as wide as 0.0.0.0/0 must not trust it.
  if (address.is_unspecified()) return false;
  return std::ranges::any_of(networks,
                             [&](Network const& network) { return network.contains(address); });
}
}  // namespace

smtp::server::PeerFacts classify_peer(NetworkTable const& networks, smtp::server::PeerFacts peer) {
  IpAddress const& address = peer.peer.address;
  peer.trusted = contains(networks.trusted, address);
  peer.normalise_lines = contains(networks.normalise_lines, address);
  peer.may_xclient = peer.may_xclient || contains(networks.xclient, address);
  peer.xclient_login = peer.may_xclient && networks.xclient_login;
  return peer;
}
}  // namespace pb::policy
