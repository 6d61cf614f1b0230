// dkim_key_fuzz.cpp: a key record and the key in it as DER; or a private key as PEM.
// Spec: RFC 6376 §3.6.1; RFC 8463 §4.        Not here: the records' tags alone (dkim_signature).
// Covers: src/dkim/crypto.cpp
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "dkim/record.hpp"

namespace {
using namespace pb;
std::string const some_digest(32, 'x');

/// Keys of ours: nobody else's verifies what they sign.
struct Known {
  dkim::PrivateKey rsa = *dkim::PrivateKey::generate(dkim::KeyType::rsa, 1024);
  dkim::PrivateKey ed25519 = *dkim::PrivateKey::generate(dkim::KeyType::ed25519, 0);
  Known() {
    for (dkim::PrivateKey const* key : {&rsa, &ed25519}) {
      auto const again = dkim::PrivateKey::from_pem(key->pem());
      PB_CHECK(again && again->public_key().octets() == key->public_key().octets());
      PB_CHECK(again->type() == key->type() && again->bits() == key->bits());
      auto const signature = again->sign(dkim::Hash::sha256, some_digest);
      PB_CHECK(key->public_key().verify(dkim::Hash::sha256, some_digest, *signature));
    }
  }
};

void check_record(std::string_view text) {
  static Known const known;
  auto const record = dkim::parse_key_record(text);
  if (!record) return;
  auto const key = dkim::PublicKey::from_octets(record->type, record->key);
  if (!key) return;
  PB_CHECK(key->bits() > 0);
  auto const again = dkim::parse_key_record(dkim::key_record_text(*key));
  PB_CHECK(again.has_value() && again->type == record->type);
  bool const rsa = key->type() == dkim::KeyType::rsa;
  auto const signature = (rsa ? known.rsa : known.ed25519).sign(dkim::Hash::sha256, some_digest);
  PB_CHECK(!key->verify(dkim::Hash::sha256, some_digest, *signature));
  (void)key->verify(dkim::Hash::sha1, dkim::digest(dkim::Hash::sha1, text), std::string(64, 'y'));
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  check_record(text);
  auto const key = dkim::PrivateKey::from_pem(text);
  if (key) PB_CHECK(key->bits() > 0 && dkim::PrivateKey::from_pem(key->pem()).has_value());
  return 0;
}
