// crypto.hpp: digests and keys as small values over OpenSSL 3's EVP; algorithms are fetched once.
// Spec: RFC 8017 §8.2 (RSASSA-PKCS1-v1_5), RFC 8032 (Ed25519), RFC 6376 §3.6.1, RFC 8463 §4.
// Not here: what is signed (canonical.hpp, verify.hpp, sign.hpp).    Tests: sign_test.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;
struct evp_pkey_ctx_st;
struct evp_pkey_st;

namespace pb::dkim {
enum class Hash : std::uint8_t { sha256, sha1 };
enum class KeyType : std::uint8_t { rsa, ed25519 };

/// A running digest. Copies continue from where the original stood.
class Digest {
 public:
  explicit Digest(Hash hash);
  Digest(Digest const& other);
  Digest(Digest&&) noexcept = default;
  Digest& operator=(Digest const& other);
  Digest& operator=(Digest&&) noexcept = default;
  ~Digest() = default;
  void update(std::string_view octets);
  /// The digest's octets; the object is used up.
  std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};
std::string digest(Hash hash, std::string_view octets);

/// Shared and immutable: copies are one reference.
class PublicKey {
 public:
  /// The octets of p=: SubjectPublicKeyInfo or RSAPublicKey in DER, or 32 octets of Ed25519.
  static std::optional<PublicKey> from_octets(KeyType type, std::string_view octets);
  [[nodiscard]] KeyType type() const { return type_; }
  [[nodiscard]] unsigned bits() const;
  /// `signed_digest` is the digest of what was signed, made with `hash`.
  [[nodiscard]] bool verify(Hash hash, std::string_view signed_digest,
                            std::string_view signature) const;
  /// The octets that p= holds.
  [[nodiscard]] std::string octets() const;

 private:
  friend class PrivateKey;
  PublicKey(KeyType type, std::shared_ptr<evp_pkey_st> key);
  KeyType type_;
  std::shared_ptr<evp_pkey_st> key_;  // OpenSSL counts references too; one count is enough here
  /// RSA with SHA-256, ready to be copied: making one takes a quarter of a verification's time.
  std::shared_ptr<evp_pkey_ctx_st> rsa_sha256_;
};

/// Shared and immutable. Its PEM text is a secret: never logged.
class PrivateKey {
 public:
  /// PKCS#8 or the older RSA form, without a passphrase.
  static std::optional<PrivateKey> from_pem(std::string_view pem);
  /// RSA of `rsa_bits`, or Ed25519, from the operating system's randomness.
  static std::optional<PrivateKey> generate(KeyType type, unsigned rsa_bits);
  [[nodiscard]] KeyType type() const { return type_; }
  [[nodiscard]] unsigned bits() const;
  /// PKCS#8.
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] PublicKey public_key() const { return {type_, key_}; }
  /// nullopt only when OpenSSL fails (a key too small for the digest).
  [[nodiscard]] std::optional<std::string> sign(Hash hash, std::string_view signed_digest) const;

 private:
  PrivateKey(KeyType type, std::shared_ptr<evp_pkey_st> key) : type_{type}, key_{std::move(key)} {}
  KeyType type_;
  std::shared_ptr<evp_pkey_st> key_;
};
}  // namespace pb::dkim
