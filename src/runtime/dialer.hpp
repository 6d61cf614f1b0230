// dialer.hpp: makes a connection to one address or unix socket, within a deadline.
// Spec: RFC 5321 §4.5.4.1 (one attempt an address).                     Tests: dialer_test.cpp
// Not here: which address (delivery/route), TLS and SMTP (smtp_client_connection).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <expected>
#include <optional>
#include <string>

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
}  // namespace pb::runtime
