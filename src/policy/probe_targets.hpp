// probe_targets.hpp: which addresses an account may have us connect to (XPROBE).
// Spec: docs/reference/xprobe.md; RFC 6890 and the registries of special-purpose addresses.
// Tests: probe_targets_test.cpp     Not here: names and connecting (runtime/remote_prober).
#pragma once

#include <span>

#include "base/ip.hpp"

namespace pb::policy {
/// An address of the public internet that is one host's alone: none that is private, loopback,
/// link-local, shared (RFC 6598), multicast, reserved or for documents, and none that leads to an
/// IPv4 address by translation or tunnel (64:ff9b::/96, 2002::/16, 2001::/32), which could be any.
[[nodiscard]] bool is_public(IpAddress const& address);
/// Public, or in a network that the operator named ([networks] xprobe).
[[nodiscard]] bool may_probe(IpAddress const& address, std::span<Network const> allowed);
}  // namespace pb::policy
