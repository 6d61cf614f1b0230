// dialer.hpp: makes a connection to one address or unix socket, within a deadline.
// Spec: RFC 5321 §4.5.4.1 (one attempt an address).  Tests: delivery_agent_test.cpp
// Not here: which address (delivery/route), TLS and SMTP (smtp_client_connection).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ip.hpp"

namespace pb::runtime {
namespace asio = boost::asio;

enum class DialError : std::uint8_t {
  refused,
  timeout,
  unreachable,  // no route, or the address family is not there
  local         // our source address, descriptors or the unix path
};
std::string_view name_of(DialError error);

struct DialTarget {
  Endpoint endpoint;
  std::string unix_path;            // set: a unix stream socket instead
  std::optional<IpAddress> source;  // egress address; used where its family fits
};

/// A connected, non-blocking socket. A unix socket comes in the same type: only its descriptor is
/// used from here on.
asio::awaitable<std::expected<asio::ip::tcp::socket, DialError>> dial(DialTarget target,
                                                                      Duration wait);

/// RFC 8305 §5: a further address is tried when the one before it failed, or after this time.
inline constexpr Duration attempt_delay = std::chrono::milliseconds{250};

struct DialedFirst {
  asio::ip::tcp::socket socket;
  std::size_t index;  // of the target that answered first
};
/// Tries the targets in their order, a new one every attempt_delay; the first that connects wins
/// and the others are closed. The error is that of the first target. At least one target.
asio::awaitable<std::expected<DialedFirst, DialError>> dial_first(std::vector<DialTarget> targets,
                                                                  Duration wait);
}  // namespace pb::runtime
