// proxy_protocol.hpp: the PROXY header that a load balancer sends before the first SMTP byte.
// Spec: haproxy.org "The PROXY protocol" versions 1 and 2.      Tests: proxy_protocol_test.cpp
// Not here: who may send one (runtime/listener, [networks] proxy).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

#include "base/ip.hpp"

namespace pb::smtp {
/// The longest header that is read: version 2 with its TLVs.
inline constexpr std::size_t proxy_header_octets_max = 4096;

/// Everything so far is the beginning of a header; at least so many octets are missing.
struct ProxyNeedMore {
  std::size_t octets_min = 1;
};
struct ProxyHeader {
  std::size_t octets = 0;  // its own length: what follows is the peer's
  // Absent for LOCAL (health checks) and UNKNOWN: then nothing is known and nothing is trusted.
  std::optional<Endpoint> source;
  std::optional<Endpoint> destination;
};
enum class ProxyError { not_proxy, malformed, too_long };

using ProxyResult = std::variant<ProxyNeedMore, ProxyHeader, ProxyError>;

/// Reads the header at the front of `bytes`; linear in its length. Never looks behind it.
ProxyResult parse_proxy_header(std::string_view bytes);
}  // namespace pb::smtp
