// client.cpp: PLAIN, LOGIN, OAUTHBEARER and XOAUTH2 as a client, and the choice among mechanisms.
// Spec: RFC 4616, RFC 7628 §3.1, §3.2.3; XOAUTH2 as Google documents it.   Tests: client_test.cpp
// Not here: SCRAM (scram_client.cpp).
#include "sasl/client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "sasl/scram.hpp"
#include "sasl/scram_client.hpp"

namespace pb::sasl {
namespace {
using Initial = std::expected<std::optional<std::string>, ClientError>;
using Response = std::expected<std::string, ClientError>;

struct NameRow {
  ClientMechanismName name;
  std::string_view text;
};
constexpr std::array<NameRow, 6> names{{
    {ClientMechanismName::scram_sha_256_plus, "SCRAM-SHA-256-PLUS"},  // RFC 7677
    {ClientMechanismName::scram_sha_256, "SCRAM-SHA-256"},            // RFC 7677
    {ClientMechanismName::plain, "PLAIN"},                            // RFC 4616
    {ClientMechanismName::login, "LOGIN"},                            // draft-murchison-sasl-login
    {ClientMechanismName::oauthbearer, "OAUTHBEARER"},                // RFC 7628
    {ClientMechanismName::xoauth2, "XOAUTH2"},                        // Google
}};

bool sendable(std::string_view text) {
  return !text.empty() && std::ranges::none_of(text, [](char c) { return c == '\0'; });
}
bool sendable(Credentials const& credentials) {
  return sendable(credentials.user) && sendable(credentials.password);
}
/// b64token and the key-value lines hold no control characters (RFC 7628 §3.1).
bool token_sendable(Credentials const& credentials) {
  return !credentials.access_token.empty() &&
         std::ranges::none_of(credentials.access_token, ascii::is_control) &&
         std::ranges::none_of(credentials.user, ascii::is_control);
}

class PlainClient final : public ClientMechanism {
 public:
  explicit PlainClient(ClientInputs inputs) : inputs_{std::move(inputs)} {}
  Initial initial_response() override {
    if (!sendable(inputs_.credentials)) return std::unexpected{ClientError::bad_credentials};
    return message();
  }
  Response respond(std::string_view challenge) override {
    // An empty challenge asks for the message: some servers ignore initial responses.
    bool const asks = challenge.empty() && !std::exchange(repeated_, true);
    if (!asks) return std::unexpected{ClientError::malformed};
    return message();
  }
  [[nodiscard]] bool may_trust_success() const override { return true; }

 private:
  [[nodiscard]] std::string message() const {
    std::string out(1, '\0');
    out += inputs_.credentials.user;
    out += '\0';
    return out + inputs_.credentials.password;
  }
  ClientInputs inputs_;
  bool repeated_ = false;
};

class LoginClient final : public ClientMechanism {
 public:
  explicit LoginClient(ClientInputs inputs) : inputs_{std::move(inputs)} {}
  Initial initial_response() override {
    if (!sendable(inputs_.credentials)) return std::unexpected{ClientError::bad_credentials};
    return std::nullopt;
  }
  /// Prompts differ between servers ("Username:", "User Name\0"), so only their order counts.
  Response respond(std::string_view) override {
    switch (turn_++) {
      case 0:
        return inputs_.credentials.user;
      case 1:
        return inputs_.credentials.password;
    }
    return std::unexpected{ClientError::malformed};
  }
  [[nodiscard]] bool may_trust_success() const override { return turn_ == 2; }

 private:
  ClientInputs inputs_;
  int turn_ = 0;
};

/// One message with the token; a challenge is the server's error (JSON), answered so that it
/// then says 535 (RFC 7628 §3.2.3).
class TokenClient final : public ClientMechanism {
 public:
  TokenClient(std::string message, std::string answer_to_error, bool sendable)
      : message_{std::move(message)}, answer_to_error_{std::move(answer_to_error)}, ok_{sendable} {}
  Initial initial_response() override {
    if (!ok_) return std::unexpected{ClientError::bad_credentials};
    return message_;
  }
  Response respond(std::string_view challenge) override {
    if (challenge.empty() && !std::exchange(repeated_, true)) return message_;
    if (std::exchange(failed_, true)) return std::unexpected{ClientError::refused};
    return answer_to_error_;
  }
  [[nodiscard]] bool may_trust_success() const override { return !failed_; }

 private:
  std::string message_;
  std::string answer_to_error_;
  bool ok_;
  bool repeated_ = false;
  bool failed_ = false;
};

// gs2-header kvsep *kvpair kvsep; kvsep = %x01 (RFC 7628 §3.1)
std::string oauthbearer_message(ClientInputs const& inputs) {
  std::string out = "n,a=" + scram::escape_name(inputs.credentials.user) + ",\x01";
  if (!inputs.host.empty()) out += "host=" + inputs.host + "\x01";
  if (inputs.port != 0) out += "port=" + std::to_string(inputs.port) + "\x01";
  return out + "auth=Bearer " + inputs.credentials.access_token + "\x01\x01";
}
std::string xoauth2_message(ClientInputs const& inputs) {
  return "user=" + inputs.credentials.user + "\x01" + "auth=Bearer " +
         inputs.credentials.access_token + "\x01\x01";
}

bool is_usable(ClientMechanismName name, ClientInputs const& inputs, bool tls_active) {
  bool const has_token = !inputs.credentials.access_token.empty();
  switch (name) {
    case ClientMechanismName::scram_sha_256_plus:
      return !has_token && tls_active && !inputs.channel_binding.empty();
    case ClientMechanismName::scram_sha_256:
      return !has_token;
    case ClientMechanismName::plain:
    case ClientMechanismName::login:
      return !has_token && tls_active;
    case ClientMechanismName::oauthbearer:
    case ClientMechanismName::xoauth2:
      return has_token && tls_active;
  }
  return false;
}
}  // namespace

std::string_view name_of(ClientMechanismName name) {
  auto const row = std::ranges::find(names, name, &NameRow::name);
  PB_CHECK(row != names.end());
  return row->text;
}

std::optional<ClientMechanismName> client_mechanism_named(std::string_view text) {
  for (NameRow const& row : names) {
    if (ascii::iequals(row.text, text)) return row.name;
  }
  return std::nullopt;
}

std::unique_ptr<ClientMechanism> make_client_mechanism(ClientMechanismName name,
                                                       ClientInputs inputs) {
  bool const token_ok = token_sendable(inputs.credentials);
  switch (name) {
    case ClientMechanismName::scram_sha_256_plus:
    case ClientMechanismName::scram_sha_256:
      return make_scram_client(name, std::move(inputs));
    case ClientMechanismName::plain:
      return std::make_unique<PlainClient>(std::move(inputs));
    case ClientMechanismName::login:
      return std::make_unique<LoginClient>(std::move(inputs));
    case ClientMechanismName::oauthbearer:
      return std::make_unique<TokenClient>(oauthbearer_message(inputs), "\x01", token_ok);
    case ClientMechanismName::xoauth2:
      return std::make_unique<TokenClient>(xoauth2_message(inputs), "", token_ok);
  }
  check_failed("a mechanism that is not in the enumeration", __FILE__, __LINE__);
}

std::vector<ClientMechanismName> choose_mechanisms(std::vector<std::string> const& offered,
                                                   ClientInputs const& inputs, bool tls_active) {
  std::vector<ClientMechanismName> chosen;
  for (NameRow const& row : names) {
    bool const is_offered = std::ranges::any_of(
        offered, [&](std::string const& word) { return ascii::iequals(word, row.text); });
    if (is_offered && is_usable(row.name, inputs, tls_active)) chosen.push_back(row.name);
  }
  return chosen;
}
}  // namespace pb::sasl
