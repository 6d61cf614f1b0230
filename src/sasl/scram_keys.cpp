// scram_keys.cpp: SCRAM's keys, proofs and signatures on OpenSSL's SHA-256.
// Spec: RFC 5802 §3, RFC 7677. Tests: scram_test.cpp             Not here: messages
// (scram_messages.cpp).
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>

#include "base/check.hpp"
#include "sasl/scram.hpp"

namespace pb::sasl::scram {
namespace {
unsigned char const* octets(std::string_view text) {
  return reinterpret_cast<unsigned char const*>(text.data());
}

std::string sha256(std::string_view text) {
  std::array<unsigned char, key_octets> digest{};
  SHA256(octets(text), text.size(), digest.data());
  return {digest.begin(), digest.end()};
}

/// Hi(str, salt, i): PBKDF2 with one block (RFC 5802 §2.2).
std::string salted_password(SaltedPassword const& salted) {
  std::string out(key_octets, '\0');
  int const done = PKCS5_PBKDF2_HMAC(
      salted.password.data(), static_cast<int>(salted.password.size()), octets(salted.salt),
      static_cast<int>(salted.salt.size()), static_cast<int>(salted.iterations), EVP_sha256(),
      static_cast<int>(out.size()), reinterpret_cast<unsigned char*>(out.data()));
  PB_CHECK(done == 1);
  return out;
}

std::string exclusive_or(std::string_view a, std::string_view b) {
  PB_CHECK(a.size() == b.size());
  std::string out(a.size(), '\0');
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = static_cast<char>(a[i] ^ b[i]);
  return out;
}
}  // namespace

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, key_octets> digest{};
  unsigned size = 0;
  unsigned char const* const done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                         octets(text), text.size(), digest.data(), &size);
  PB_CHECK(done != nullptr && size == key_octets);
  return {digest.begin(), digest.end()};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

ScramKeys derive_keys(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  std::string salted = salted_password({password, salt, iterations});
  std::string client_key = hmac(salted, "Client Key");
  ScramKeys keys{std::string{salt}, iterations, sha256(client_key), hmac(salted, "Server Key")};
  OPENSSL_cleanse(salted.data(), salted.size());
  OPENSSL_cleanse(client_key.data(), client_key.size());
  return keys;
}

bool proof_is_right(ScramKeys const& keys, std::string_view auth_message, std::string_view proof) {
  if (proof.size() != key_octets || keys.stored_key.size() != key_octets) return false;
  std::string const client_key = exclusive_or(proof, hmac(keys.stored_key, auth_message));
  return equal_in_constant_time(sha256(client_key), keys.stored_key);
}

std::string server_signature(ScramKeys const& keys, std::string_view auth_message) {
  return hmac(keys.server_key, auth_message);
}

ClientSecrets client_secrets(SaltedPassword const& salted, std::string_view auth_message) {
  std::string key = salted_password(salted);
  std::string client_key = hmac(key, "Client Key");
  std::string const stored_key = sha256(client_key);
  ClientSecrets secrets{exclusive_or(client_key, hmac(stored_key, auth_message)),
                        hmac(hmac(key, "Server Key"), auth_message)};
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(client_key.data(), client_key.size());
  return secrets;
}
}  // namespace pb::sasl::scram
