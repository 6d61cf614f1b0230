// ticket_keys.cpp: the keys that seal session tickets, rotated, shared by all contexts.
// Spec: RFC 5077 §4, §5.5; RFC 8446 §4.6.1 (a ticket lives at most 7 days, ours one).
// Not here: when tickets are issued (tls_context.cpp).
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>
#include <cstring>
#include <mutex>

#include "base/check.hpp"
#include "runtime/tls_context.hpp"

namespace pb::runtime {
namespace {
constexpr Duration seals_for = std::chrono::hours{12};
constexpr Duration opens_for = std::chrono::hours{24};

struct TicketKey {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> cipher{};
  std::array<unsigned char, 32> mac{};
  Instant made{};
};

int data_index() {
  static int const index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}
}  // namespace

struct TicketKeys::Impl {
  explicit Impl(Clock const& clock_in) : clock{clock_in} { fresh(keys[0]); }

  void fresh(TicketKey& key) {
    bool filled = RAND_bytes(key.name.data(), sizeof key.name) == 1 &&
                  RAND_priv_bytes(key.cipher.data(), sizeof key.cipher) == 1 &&
                  RAND_priv_bytes(key.mac.data(), sizeof key.mac) == 1;
    PB_CHECK(filled);
    key.made = clock.now();
  }

  /// keys[0] seals; keys[1], if it is not too old, still opens.
  TicketKey sealing() {
    std::scoped_lock lock{mutex};
    if (clock.now() - keys[0].made >= seals_for) {
      keys[1] = keys[0];
      fresh(keys[0]);
    }
    return keys[0];
  }

  /// 0: unknown or too old; 1: opens; 2: opens, and a new ticket should follow.
  int opening(unsigned char const* name, TicketKey& found) {
    std::scoped_lock lock{mutex};
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (std::memcmp(keys[i].name.data(), name, keys[i].name.size()) != 0) continue;
      Duration age = clock.now() - keys[i].made;
      if (age >= opens_for) return 0;
      found = keys[i];
      return age >= seals_for ? 2 : 1;
    }
    return 0;
  }

  static int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                       EVP_MAC_CTX* mac, int seal) {
    auto* self = static_cast<Impl*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), data_index()));
    TicketKey key;
    int answer = 1;
    if (seal != 0) {
      key = self->sealing();
      std::memcpy(name, key.name.data(), key.name.size());
      if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    } else {
      answer = self->opening(name, key);
      if (answer == 0) return 0;
    }
    char digest[] = "SHA256";
    OSSL_PARAM const parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, seal) != 1) {
      return -1;
    }
    return EVP_MAC_CTX_set_params(mac, parameters) == 1 ? answer : -1;
  }

  Clock const& clock;
  std::mutex mutex;  // held for a copy of 96 bytes; two handshakes rarely meet
  std::array<TicketKey, 2> keys;
};

TicketKeys::TicketKeys(Clock const& clock) : impl_{std::make_unique<Impl>(clock)} {}
TicketKeys::~TicketKeys() = default;

void TicketKeys::install(SSL_CTX* context) {
  SSL_CTX_set_ex_data(context, data_index(), impl_.get());
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &Impl::on_ticket);
  SSL_CTX_set_timeout(context, std::chrono::duration_cast<std::chrono::seconds>(opens_for).count());
}
}  // namespace pb::runtime
