// client_hello.hpp: what a peer's first bytes look like when they are no SMTP.
// Spec: RFC 8446 §4.1.2, §5.1 (TLS record, ClientHello); RFC 9112 §3 (HTTP request line).
// Tests: client_hello_test.cpp.   Not here: the TLS handshake (runtime/tls_stream).
#pragma once

#include <cstdint>
#include <string_view>

namespace pb::smtp {
/// need_more: everything so far fits, and a few octets more will tell.
enum class Guess : std::uint8_t { need_more, yes, no };

/// A TLS record that carries a ClientHello; at most six octets are looked at. "" needs more.
Guess looks_like_client_hello(std::string_view bytes);
/// A request line of HTTP/1 or the preface of HTTP/2: a known method and a space.
Guess looks_like_http(std::string_view bytes);
}  // namespace pb::smtp
