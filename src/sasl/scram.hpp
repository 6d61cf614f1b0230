// scram.hpp: the messages and the arithmetic of SCRAM-SHA-256, for both sides.
// Spec: RFC 5802 §3, §5, §7 with SHA-256 (RFC 7677); tls-exporter RFC 9266.   Tests: scram_test.cpp
// Not here: the order of messages (scram_server.cpp, scram_client.cpp), whose keys (accounts/).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "sasl/server.hpp"

namespace pb::sasl::scram {
/// RFC 7677 §4 says at least 4096; a server that asks for millions only burns our time.
inline constexpr std::uint32_t iterations_min = 4096;
inline constexpr std::uint32_t iterations_max = 1'000'000;
inline constexpr std::size_t message_octets_max = 8192;
inline constexpr std::size_t key_octets = 32;  // SHA-256
inline constexpr std::size_t nonce_octets_max = 1024;
inline constexpr std::size_t user_octets_max = 1024;

enum class ParseError : std::uint8_t { syntax, too_long, extension };

/// gs2-cbind-flag (RFC 5802 §7): does the client bind to the channel?
enum class BindingFlag : std::uint8_t {
  unsupported,  // "n": the client cannot
  not_offered,  // "y": it could, but believes that the server cannot
  used,         // "p=name"
};

struct ClientFirst {
  BindingFlag flag = BindingFlag::unsupported;
  std::string binding_name;  // of "p="
  std::string authorization_identity;
  std::string user;        // "=2C" and "=3D" undone, not prepared
  std::string nonce;       // the client's
  std::string gs2_header;  // with its last comma
  std::string bare;        // client-first-message-bare
};
struct ServerFirst {
  std::string nonce;  // client's and server's
  std::string salt;   // decoded
  std::uint32_t iterations = 0;
};
struct ClientFinal {
  std::string channel_binding;  // decoded: gs2-header, then the channel's octets
  std::string nonce;
  std::string proof;          // decoded
  std::string without_proof;  // client-final-message-without-proof
};
struct ServerFinal {
  std::string signature;  // decoded; empty: the server sent an error
  std::string error;      // "invalid-proof"
};

std::expected<ClientFirst, ParseError> parse_client_first(std::string_view message);
std::expected<ServerFirst, ParseError> parse_server_first(std::string_view message);
std::expected<ClientFinal, ParseError> parse_client_final(std::string_view message);
std::expected<ServerFinal, ParseError> parse_server_final(std::string_view message);
/// saslname: "," and "=" written as "=2C" and "=3D" (RFC 5802 §5.1).
std::string escape_name(std::string_view name);

/// What a server stores for a password (RFC 5802 §3). `password` is prepared (saslprep.hpp). Costs
/// two hashes an iteration: about 2 ms for 4096.
ScramKeys derive_keys(std::string_view password, std::string_view salt, std::uint32_t iterations);
/// Does the proof come from somebody who knows the password? In constant time.
bool proof_is_right(ScramKeys const& keys, std::string_view auth_message, std::string_view proof);
std::string server_signature(ScramKeys const& keys, std::string_view auth_message);

/// The client's half, from the password: proof to send, signature to expect.
struct ClientSecrets {
  std::string proof;
  std::string server_signature;
};
struct SaltedPassword {
  std::string_view password;  // prepared
  std::string_view salt;
  std::uint32_t iterations = iterations_min;
};
ClientSecrets client_secrets(SaltedPassword const& salted, std::string_view auth_message);

/// HMAC-SHA-256: also what fake salts and the login cache are made with.
std::string hmac(std::string_view key, std::string_view text);
/// Compares without telling by time where the first difference is.
bool equal_in_constant_time(std::string_view a, std::string_view b);
}  // namespace pb::sasl::scram
