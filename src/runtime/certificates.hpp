// certificates.hpp: makes a private CA and certificates under it, for the sandbox and for tests.
// Spec: RFC 5280 §4.2 (extensions), RFC 9525 (names).            Tests: tls_stream_test.cpp
// Not here: certificates that the world trusts (the operator brings them), checking (OpenSSL).
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ip.hpp"

namespace pb::runtime {
/// PEM texts. The key is ECDSA P-256, PKCS #8, not encrypted: the caller guards it (mode 0600).
struct CertificatePair {
  std::string certificate_pem;
  std::string key_pem;
};

struct LeafRequest {
  std::vector<std::string> dns_names;  // the first is also the common name
  std::vector<IpAddress> addresses;
  std::string email;  // rfc822Name; set: a client certificate, else a server's
  Instant not_before;
  Duration validity = std::chrono::days{397};
};

/// A self-signed CA (path length 0: it signs leaves only). Empty error text never happens.
std::expected<CertificatePair, std::string> make_ca(std::string const& common_name,
                                                    Instant not_before, Duration validity);
/// A certificate signed by `ca`; the error says what OpenSSL refused (a damaged CA file).
std::expected<CertificatePair, std::string> make_leaf(CertificatePair const& ca,
                                                      LeafRequest const& request);
}  // namespace pb::runtime
