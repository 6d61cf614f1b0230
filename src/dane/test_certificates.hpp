// test_certificates.hpp: an issuer and a server's certificate made while a test runs, as DER.
// Spec: RFC 5280 §4.1, §4.2.1.6 (names), §4.2.1.9 (CA).
// Not here: production code; only tests include this.
#pragma once

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <string>

namespace pb::dane {
class TestCertificate {
 public:
  /// Valid for a day before and after `now`. `issuer`: nullptr makes an issuer, signed by itself.
  TestCertificate(std::string const& host, std::int64_t now, TestCertificate const* issuer)
      : key_{EVP_EC_gen("P-256"), EVP_PKEY_free}, certificate_{X509_new(), X509_free} {
    constexpr std::int64_t day = 24 * 60 * 60;
    X509* const made = certificate_.get();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), issuer == nullptr ? 1 : 2);
    ASN1_TIME_set(X509_getm_notBefore(made), now - day);
    ASN1_TIME_set(X509_getm_notAfter(made), now + day);
    X509_set_pubkey(made, key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                               reinterpret_cast<unsigned char const*>(host.data()),
                               static_cast<int>(host.size()), -1, 0);
    TestCertificate const& by = issuer == nullptr ? *this : *issuer;
    X509_set_issuer_name(made, X509_get_subject_name(by.certificate_.get()));
    add(NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
    if (issuer != nullptr) add(NID_subject_alt_name, ("DNS:" + host).c_str());
    X509_sign(made, by.key_.get(), EVP_sha256());
  }
  [[nodiscard]] std::string der() const {
    unsigned char* out = nullptr;
    int const octets = i2d_X509(certificate_.get(), &out);
    std::string text{reinterpret_cast<char const*>(out), static_cast<std::size_t>(octets)};
    OPENSSL_free(out);
    return text;
  }
  [[nodiscard]] std::string key_der() const {
    unsigned char* out = nullptr;
    int const octets = i2d_PUBKEY(key_.get(), &out);
    std::string text{reinterpret_cast<char const*>(out), static_cast<std::size_t>(octets)};
    OPENSSL_free(out);
    return text;
  }
  static std::string sha256(std::string const& bytes) {
    unsigned char out[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(), out);
    return {reinterpret_cast<char const*>(out), sizeof out};
  }
  static std::string sha512(std::string const& bytes) {
    unsigned char out[SHA512_DIGEST_LENGTH];
    SHA512(reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(), out);
    return {reinterpret_cast<char const*>(out), sizeof out};
  }

 private:
  void add(int kind, char const* value) {
    std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> const one{
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, value), X509_EXTENSION_free};
    X509_add_ext(certificate_.get(), one.get(), -1);
  }
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};
}  // namespace pb::dane
