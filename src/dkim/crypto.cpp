// crypto.cpp: see crypto.hpp.                       Spec: RFC 8017 §8.2, RFC 8032, RFC 8463 §3.
#include "dkim/crypto.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>

#include "base/check.hpp"

namespace pb::dkim {
namespace {
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

/// Fetched once a process: an implicit fetch costs more than hashing a short header.
EVP_MD const* fetched(Hash hash) {
  static EVP_MD const* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static EVP_MD const* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return hash == Hash::sha256 ? sha256 : sha1;
}

unsigned char const* octets_of(std::string_view text) {
  return reinterpret_cast<unsigned char const*>(text.data());
}

std::shared_ptr<EVP_PKEY> share(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

std::optional<KeyType> type_of(EVP_PKEY const* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) return KeyType::rsa;
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return KeyType::ed25519;
  return std::nullopt;
}

/// Ready for RSASSA-PKCS1-v1_5 over a digest; null when OpenSSL refuses.
Context rsa_context(EVP_PKEY* key, Hash hash, int (*init)(EVP_PKEY_CTX*)) {
  Context context{EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr)};
  if (!context || init(context.get()) != 1) return {};
  if (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1) return {};
  if (EVP_PKEY_CTX_set_signature_md(context.get(), fetched(hash)) != 1) return {};
  return context;
}
}  // namespace

void Digest::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Digest::Digest(Hash hash) : context_{EVP_MD_CTX_new()} {
  PB_CHECK(context_ != nullptr);
  PB_CHECK(EVP_DigestInit_ex2(context_.get(), fetched(hash), nullptr) == 1);
}
Digest::Digest(Digest const& other) : context_{EVP_MD_CTX_new()} {
  PB_CHECK(context_ != nullptr);
  PB_CHECK(EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) == 1);
}
Digest& Digest::operator=(Digest const& other) {
  if (this != &other) *this = Digest{other};
  return *this;
}
void Digest::update(std::string_view octets) {
  PB_CHECK(EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) == 1);
}
std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  PB_CHECK(EVP_DigestFinal_ex(context_.get(), out.data(), &length) == 1);
  return {reinterpret_cast<char const*>(out.data()), length};
}

std::string digest(Hash hash, std::string_view octets) {
  Digest running{hash};
  running.update(octets);
  return running.finish();
}

std::optional<PublicKey> PublicKey::from_octets(KeyType type, std::string_view octets) {
  if (type == KeyType::ed25519) {
    if (octets.size() != 32) return std::nullopt;
    auto key = share(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets_of(octets),
                                                    octets.size()));
    if (!key) return std::nullopt;
    return PublicKey{type, std::move(key)};
  }
  constexpr std::size_t der_octets_max = 4096;  // an RSA key of 16,384 bits takes about 2,100
  if (octets.empty() || octets.size() > der_octets_max) return std::nullopt;
  auto const* at = octets_of(octets);
  auto key = share(d2i_PUBKEY_ex(nullptr, &at, static_cast<long>(octets.size()), nullptr, nullptr));
  if (!key) {
    at = octets_of(octets);
    key = share(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(octets.size())));
  }
  if (!key || type_of(key.get()) != KeyType::rsa) return std::nullopt;
  return PublicKey{type, std::move(key)};
}

PublicKey::PublicKey(KeyType type, std::shared_ptr<EVP_PKEY> key)
    : type_{type}, key_{std::move(key)} {
  if (type_ == KeyType::rsa) {
    rsa_sha256_ = rsa_context(key_.get(), Hash::sha256, EVP_PKEY_verify_init);
  }
}

unsigned PublicKey::bits() const { return static_cast<unsigned>(EVP_PKEY_get_bits(key_.get())); }

bool PublicKey::verify(Hash hash, std::string_view signed_digest,
                       std::string_view signature) const {
  if (type_ == KeyType::ed25519) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context{EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free};
    return EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key_.get(),
                                   nullptr) == 1 &&
           EVP_DigestVerify(context.get(), octets_of(signature), signature.size(),
                            octets_of(signed_digest), signed_digest.size()) == 1;
  }
  bool const prepared = hash == Hash::sha256 && rsa_sha256_ != nullptr;
  Context const context = prepared ? Context{EVP_PKEY_CTX_dup(rsa_sha256_.get())}
                                   : rsa_context(key_.get(), hash, EVP_PKEY_verify_init);
  return context != nullptr &&
         EVP_PKEY_verify(context.get(), octets_of(signature), signature.size(),
                         octets_of(signed_digest), signed_digest.size()) == 1;
}

std::string PublicKey::octets() const {
  if (type_ == KeyType::ed25519) {
    std::array<unsigned char, 32> raw{};
    std::size_t length = raw.size();
    PB_CHECK(EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &length) == 1);
    return {reinterpret_cast<char const*>(raw.data()), length};
  }
  unsigned char* der = nullptr;
  int const length = i2d_PUBKEY(key_.get(), &der);
  PB_CHECK(length > 0);
  std::string out{reinterpret_cast<char const*>(der), static_cast<std::size_t>(length)};
  OPENSSL_free(der);
  return out;
}

std::optional<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  Bio const bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  // The callback answers "no passphrase", so that OpenSSL never asks on the terminal.
  auto const no_passphrase = [](char*, int, int, void*) { return 0; };
  auto key = share(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) return std::nullopt;
  auto const type = type_of(key.get());
  if (!type) return std::nullopt;
  return PrivateKey{*type, std::move(key)};
}

std::optional<PrivateKey> PrivateKey::generate(KeyType type, unsigned rsa_bits) {
  EVP_PKEY* const made = type == KeyType::rsa
                             ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{rsa_bits})
                             : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (made == nullptr) return std::nullopt;
  return PrivateKey{type, share(made)};
}

unsigned PrivateKey::bits() const { return static_cast<unsigned>(EVP_PKEY_get_bits(key_.get())); }

std::string PrivateKey::pem() const {
  Bio const bio{BIO_new(BIO_s_mem())};
  PB_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                         nullptr) == 1);
  char* text = nullptr;
  long const length = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

std::optional<std::string> PrivateKey::sign(Hash hash, std::string_view signed_digest) const {
  std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t length = out.size();
  auto* const to = reinterpret_cast<unsigned char*>(out.data());
  if (type_ == KeyType::ed25519) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context{EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free};
    bool const done = EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr,
                                            key_.get(), nullptr) == 1 &&
                      EVP_DigestSign(context.get(), to, &length, octets_of(signed_digest),
                                     signed_digest.size()) == 1;
    if (!done) return std::nullopt;
  } else {
    Context const context = rsa_context(key_.get(), hash, EVP_PKEY_sign_init);
    if (!context || EVP_PKEY_sign(context.get(), to, &length, octets_of(signed_digest),
                                  signed_digest.size()) != 1) {
      return std::nullopt;
    }
  }
  out.resize(length);
  return out;
}
}  // namespace pb::dkim
