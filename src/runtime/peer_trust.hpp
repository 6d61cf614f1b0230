// peer_trust.hpp: is this the server that a route means? Roots and name, a fingerprint, or anyone.
// Spec: RFC 9525 (names); docs/reference (route.tls_verify).  Tests:
// tests/end_to_end/two_hops_test.py. Not here: DANE and MTA-STS (dane/, mtasts/), the handshake
// (tls_stream).
#pragma once

#include <string>

#include "delivery/route.hpp"
#include "runtime/tls_stream.hpp"

namespace pb::runtime {
bool is_trusted(delivery::Trust const& trust, TlsPeer const& peer);
/// SHA-256 of the first certificate in `pem`, lower-case hexadecimal; empty: there is none.
std::string fingerprint_of(std::string const& pem);
}  // namespace pb::runtime
