// password.hpp: what is kept for a password, and whether one is right. Slow on purpose: call it
// from the pool (runtime/argon2_pool) or a command line, never from a core's loop.
// Spec: RFC 9106 (Argon2id), PHC string format; RFC 5802 §3 (SCRAM keys).   Tests:
// password_test.cpp Not here: who asks (runtime/password_authenticator).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "sasl/server.hpp"

namespace pb::accounts {
// OWASP's first choice for argon2id; about 20 ms.
inline constexpr std::uint32_t argon2_memory_kib = 19 * 1024;
inline constexpr std::uint32_t argon2_passes = 2;
inline constexpr std::uint32_t argon2_lanes = 1;
inline constexpr std::size_t salt_octets = 16;
/// RFC 7677 §4: at least 4096, more is better; one derivation takes about 5 ms.
inline constexpr std::uint32_t scram_iterations = 15'000;

enum class PasswordError : std::uint8_t {
  empty,
  too_long,    // over 1024 octets
  prohibited,  // not UTF-8, or with control characters (RFC 4013 §2.3)
};
std::string_view describe(PasswordError error);

enum class Scram : std::uint8_t { with, without };  // without: `--no-scram`
struct Credentials {
  std::string password_hash;             // "$argon2id$v=19$m=19456,t=2,p=1$salt$hash"
  std::optional<sasl::ScramKeys> scram;  // absent without SCRAM
};
/// Two salts come from `random`, which must be unpredictable.
std::expected<Credentials, PasswordError> make_credentials(std::string_view password, Scram scram,
                                                           Random& random);
/// False also when the hash is no argon2id string or asks for more than 256 MiB or 16 passes.
bool password_is_right(std::string_view password_hash, std::string_view password);
/// Takes as long as password_is_right() of a hash that we made: for users who do not exist.
void waste_a_check(std::string_view password);

/// Keys for a user that does not exist or has none: always the same for this secret and user, so
/// that asking twice does not tell. Nobody knows a password for them.
sasl::ScramKeys fake_scram_keys(std::string_view secret, std::string_view user);
}  // namespace pb::accounts
