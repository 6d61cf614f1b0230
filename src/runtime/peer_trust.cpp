// peer_trust.cpp: what the operator wrote out, applied to a certificate.
// Spec: docs/reference (route.tls_verify).             Tests: delivery_agent_test.cpp
#include "runtime/peer_trust.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "base/encoding.hpp"

namespace pb::runtime {
std::string fingerprint_of(std::string const& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> const bio{
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
  std::unique_ptr<X509, decltype(&X509_free)> const certificate{
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free};
  if (!certificate) return {};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned octets = 0;
  if (X509_digest(certificate.get(), EVP_sha256(), digest, &octets) != 1) return {};
  return hex_encode({reinterpret_cast<char const*>(digest), octets});
}

bool is_trusted(delivery::Trust const& trust, TlsPeer const& peer) {
  switch (trust.rule) {
    case delivery::Trust::Rule::roots_and_name:
      return peer.trusted;
    case delivery::Trust::Rule::none:
      return true;
    case delivery::Trust::Rule::fingerprint:
      return !trust.fingerprint.empty() && fingerprint_of(peer.chain_pem) == trust.fingerprint;
  }
  return false;
}
}  // namespace pb::runtime
