// dkim_key_fuzz.cpp: a key record, and the key in it as DER.
// Spec: RFC 6376 §3.6.1; RFC 8463 §4.
// Covers: src/dkim/record.cpp src/dkim/crypto.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "dkim/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  auto const record = dkim::parse_key_record(text);
  if (!record) return 0;
  auto const key = dkim::PublicKey::from_octets(record->type, record->key);
  if (!key) return 0;
  PB_CHECK(key->bits() > 0);
  auto const again = dkim::parse_key_record(dkim::key_record_text(*key));
  PB_CHECK(again.has_value() && again->type == record->type);
  (void)key->verify(dkim::Hash::sha256, std::string(32, 'x'), std::string(64, 'y'));
  return 0;
}
