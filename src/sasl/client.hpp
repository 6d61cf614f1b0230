// client.hpp: the client's side of a SASL exchange, and which mechanism to take.
// Spec: RFC 4422; RFC 4616, RFC 5802, RFC 7677, RFC 9266; OAUTHBEARER RFC 7628; XOAUTH2 (Google's).
// Tests: client_test.cpp, gsasl_test.cpp       Not here: base64 and SMTP lines (smtp/client).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pb::sasl {
/// In the order in which we prefer them when a password is at hand; the last two take a token.
enum class ClientMechanismName : std::uint8_t {
  scram_sha_256_plus,
  scram_sha_256,
  plain,
  login,
  oauthbearer,
  xoauth2
};
std::string_view name_of(ClientMechanismName name);
std::optional<ClientMechanismName> client_mechanism_named(std::string_view text);

/// Either a password or an OAuth 2.0 access token; a token wins when both are given.
struct Credentials {
  std::string user;
  std::string password;
  std::string access_token;
};

/// What the connection knows.
struct ClientInputs {
  Credentials credentials;
  std::string nonce;            // printable but no comma, at least 18 characters (SCRAM)
  std::string channel_binding;  // tls-exporter; empty: none, then -PLUS is not chosen
  bool plus_offered = false;    // did the server's list have SCRAM-SHA-256-PLUS?
  std::string host;             // server's name and port, for OAUTHBEARER
  std::uint16_t port = 0;
};

enum class ClientError : std::uint8_t {
  malformed,             // the server's message is not the grammar
  refused,               // the server said no within the exchange (OAuth error, SCRAM "e=")
  server_not_authentic,  // it does not know our password's keys: perhaps not our server
  iterations,            // fewer than 4096 (too weak) or more than a million (burns our time)
  bad_credentials,       // ours cannot be sent: empty, a NUL in them, or prohibited by SASLprep
};

/// Not thread-safe; one exchange.
class ClientMechanism {
 public:
  virtual ~ClientMechanism() = default;
  /// Goes with the AUTH command; nullopt: the server speaks first (LOGIN).
  virtual std::expected<std::optional<std::string>, ClientError> initial_response() = 0;
  /// The response to a challenge (decoded). After ClientError::refused the caller sends "*" or
  /// waits for the reply: nothing more is to be sent.
  virtual std::expected<std::string, ClientError> respond(std::string_view challenge) = 0;
  /// Asked after 235: false means that the server skipped its own proof (SCRAM): do not go on.
  [[nodiscard]] virtual bool may_trust_success() const = 0;
};
std::unique_ptr<ClientMechanism> make_client_mechanism(ClientMechanismName name,
                                                       ClientInputs inputs);

/// The mechanisms to try, best first, among those that the server offered ("AUTH PLAIN LOGIN":
/// words without regard to case). PLAIN, LOGIN and tokens only where the channel is TLS.
std::vector<ClientMechanismName> choose_mechanisms(std::vector<std::string> const& offered,
                                                   ClientInputs const& inputs, bool tls_active);
}  // namespace pb::sasl
