// password.cpp: see password.hpp.                          Spec: RFC 9106 §4, RFC 5802 §3, RFC
// 4013. Tests: password_test.cpp                                 Not here: threads.
#include "accounts/password.hpp"

#include <argon2.h>

#include <array>
#include <charconv>

#include "accounts/address_key.hpp"
#include "base/ascii.hpp"
#include "base/check.hpp"
#include "sasl/saslprep.hpp"
#include "sasl/scram.hpp"

namespace pb::accounts {
namespace {
constexpr std::size_t hash_octets = 32;
constexpr std::size_t password_octets_max = 1024;
constexpr std::size_t phc_octets_max = 512;
constexpr std::uint32_t memory_kib_max = 256 * 1024;
constexpr std::uint32_t passes_max = 16;
constexpr std::uint32_t lanes_max = 16;

std::string hash(std::string_view prepared, std::string_view salt) {
  std::array<char, phc_octets_max> encoded{};
  int const result = argon2id_hash_encoded(
      argon2_passes, argon2_memory_kib, argon2_lanes, prepared.data(), prepared.size(), salt.data(),
      salt.size(), hash_octets, encoded.data(), encoded.size());
  PB_CHECK(result == ARGON2_OK);
  return encoded.data();
}

/// "name=number"; nothing when it is not that.
std::optional<std::uint32_t> cost(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  std::uint32_t number = 0;
  char const* const end = text.data() + text.size();
  auto const [read_to, error] = std::from_chars(text.data() + name.size(), end, number);
  if (error != std::errc{} || read_to != end) return std::nullopt;
  return number;
}

/// A record may come from a restored file: it must not make us take all memory.
bool costs_are_bearable(std::string_view phc) {
  auto const parts = ascii::split(phc, '$');
  if (parts.size() != 6 || parts[1] != "argon2id" || parts[2] != "v=19") return false;
  auto const costs = ascii::split(parts[3], ',');
  if (costs.size() != 3) return false;
  auto const memory = cost(costs[0], "m=");
  auto const passes = cost(costs[1], "t=");
  auto const lanes = cost(costs[2], "p=");
  return memory && passes && lanes && *memory <= memory_kib_max && *passes <= passes_max &&
         *lanes <= lanes_max;
}
}  // namespace

std::string_view describe(PasswordError error) {
  switch (error) {
    case PasswordError::empty:
      return "the password is empty";
    case PasswordError::too_long:
      return "the password is longer than 1024 octets";
    case PasswordError::prohibited:
      return "the password is not UTF-8 or holds control characters (a line end, perhaps)";
  }
  check_failed("a password error that is not in the enumeration", __FILE__, __LINE__);
}

std::expected<Credentials, PasswordError> make_credentials(std::string_view password, Scram scram,
                                                           Random& random) {
  if (password.empty()) return std::unexpected{PasswordError::empty};
  if (password.size() > password_octets_max) return std::unexpected{PasswordError::too_long};
  auto const prepared = sasl::saslprep(password);
  if (!prepared) return std::unexpected{PasswordError::prohibited};
  Credentials made{hash(*prepared, random.bytes(salt_octets)), std::nullopt};
  if (scram == Scram::with) {
    made.scram = sasl::scram::derive_keys(*prepared, random.bytes(salt_octets), scram_iterations);
  }
  return made;
}

bool password_is_right(std::string_view password_hash, std::string_view password) {
  auto const prepared = sasl::saslprep(password);
  if (!prepared || password_hash.size() >= phc_octets_max || !costs_are_bearable(password_hash)) {
    return false;
  }
  std::string const terminated{password_hash};
  return argon2id_verify(terminated.c_str(), prepared->data(), prepared->size()) == ARGON2_OK;
}

void waste_a_check(std::string_view password) {
  auto const prepared = sasl::saslprep(password);
  if (prepared) static_cast<void>(hash(*prepared, "no salt in here "));
}

sasl::ScramKeys fake_scram_keys(std::string_view secret, std::string_view user) {
  std::string const key = login_key(user);
  sasl::ScramKeys keys;
  keys.salt = sasl::scram::hmac(secret, "salt:" + key).substr(0, salt_octets);
  keys.iterations = scram_iterations;
  keys.stored_key = sasl::scram::hmac(secret, "stored:" + key);
  keys.server_key = sasl::scram::hmac(secret, "server:" + key);
  return keys;
}
}  // namespace pb::accounts
