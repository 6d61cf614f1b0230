// probe_targets.cpp: see probe_targets.hpp.
// Spec: IANA IPv4 and IPv6 special-purpose address registries (RFC 6890), RFC 4291 §2.4.
// Tests: probe_targets_test.cpp
#include "policy/probe_targets.hpp"

#include <algorithm>
#include <vector>

namespace pb::policy {
namespace {
constexpr std::string_view special_v4[] = {
    "0.0.0.0/8",        // this network
    "10.0.0.0/8",       // private
    "100.64.0.0/10",    // behind a carrier's NAT
    "127.0.0.0/8",      // loopback
    "169.254.0.0/16",   // link-local, and the metadata services of clouds
    "172.16.0.0/12",    // private
    "192.0.0.0/24",     // protocol assignments
    "192.0.2.0/24",     // documents
    "192.31.196.0/24",  // AS112
    "192.52.193.0/24",  // AMT
    "192.88.99.0/24",   // 6to4 relays
    "192.168.0.0/16",   // private
    "192.175.48.0/24",  // AS112
    "198.18.0.0/15",    // benchmarks
    "198.51.100.0/24",  // documents
    "203.0.113.0/24",   // documents
    "224.0.0.0/4",      // multicast
    "240.0.0.0/4",      // reserved, and broadcast
};
constexpr std::string_view unicast_v6 = "2000::/3";  // nothing else is given to hosts
constexpr std::string_view special_v6[] = {
    "2001::/23",          // protocol assignments: Teredo, ORCHID, benchmarks
    "2001:db8::/32",      // documents
    "2002::/16",          // 6to4
    "2620:4f:8000::/48",  // AS112
    "3fff::/20",          // documents
};

template <std::size_t count>
std::vector<Network> networks_of(std::string_view const (&texts)[count]) {
  std::vector<Network> out;
  for (std::string_view const text : texts) out.push_back(Network::parse(text).value());
  return out;
}

bool in_any(IpAddress const& address, std::span<Network const> networks) {
  return std::ranges::any_of(networks, [&](Network const& one) { return one.contains(address); });
}
}  // namespace

bool is_public(IpAddress const& address) {
  static std::vector<Network> const v4 = networks_of(special_v4);
  static std::vector<Network> const v6 = networks_of(special_v6);
  static Network const unicast = Network::parse(unicast_v6).value();
  if (address.is_v4()) return !in_any(address, v4);
  return unicast.contains(address) && !in_any(address, v6);
}

bool may_probe(IpAddress const& address, std::span<Network const> allowed) {
  return is_public(address) || in_any(address, allowed);
}
}  // namespace pb::policy
