// scram_client.cpp: the client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS.
// Spec: RFC 5802 §3, §6; RFC 7677 §4 (iterations); RFC 9266.               Tests: client_test.cpp
// Not here: messages and keys (scram.hpp).
#include "sasl/scram_client.hpp"

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "sasl/saslprep.hpp"
#include "sasl/scram.hpp"

namespace pb::sasl {
namespace {
class ScramClient final : public ClientMechanism {
 public:
  ScramClient(ClientMechanismName name, ClientInputs inputs)
      : binds_{name == ClientMechanismName::scram_sha_256_plus}, inputs_{std::move(inputs)} {
    PB_CHECK(!binds_ || !inputs_.channel_binding.empty());
  }

  std::expected<std::optional<std::string>, ClientError> initial_response() override {
    auto user = saslprep(inputs_.credentials.user);
    auto password = saslprep(inputs_.credentials.password);
    if (!user || !password) return std::unexpected{ClientError::bad_credentials};
    password_ = std::move(*password);
    bare_ = "n=" + scram::escape_name(*user) + ",r=" + inputs_.nonce;
    return gs2_header() + bare_;
  }

  std::expected<std::string, ClientError> respond(std::string_view challenge) override {
    switch (state_) {
      case State::server_first:
        return on_server_first(challenge);
      case State::server_final:
        return on_server_final(challenge);
      case State::finished:
        return std::unexpected{ClientError::malformed};
    }
    check_failed("a state that is not in the enumeration", __FILE__, __LINE__);
  }

  [[nodiscard]] bool may_trust_success() const override { return state_ == State::finished; }

 private:
  enum class State : std::uint8_t { server_first, server_final, finished };

  /// "y" says "I could bind, but you did not offer it": a server that did offer it then sees that
  /// somebody changed its list (RFC 5802 §6).
  [[nodiscard]] std::string gs2_header() const {
    if (binds_) return "p=tls-exporter,,";
    bool const could_bind = !inputs_.channel_binding.empty() && !inputs_.plus_offered;
    return could_bind ? "y,," : "n,,";
  }

  std::expected<std::string, ClientError> on_server_first(std::string_view challenge) {
    auto const first = scram::parse_server_first(challenge);
    if (!first) return std::unexpected{ClientError::malformed};
    bool const continues =
        first->nonce.starts_with(inputs_.nonce) && first->nonce.size() > inputs_.nonce.size();
    if (!continues) return std::unexpected{ClientError::server_not_authentic};
    if (first->iterations < scram::iterations_min || first->iterations > scram::iterations_max) {
      return std::unexpected{ClientError::iterations};
    }
    std::string const binding = gs2_header() + (binds_ ? inputs_.channel_binding : "");
    std::string const without_proof = "c=" + base64_encode(binding) + ",r=" + first->nonce;
    std::string const auth_message = bare_ + "," + std::string{challenge} + "," + without_proof;
    auto const secrets =
        scram::client_secrets({password_, first->salt, first->iterations}, auth_message);
    expected_signature_ = secrets.server_signature;
    state_ = State::server_final;
    return without_proof + ",p=" + base64_encode(secrets.proof);
  }

  std::expected<std::string, ClientError> on_server_final(std::string_view challenge) {
    auto const final = scram::parse_server_final(challenge);
    if (!final) return std::unexpected{ClientError::malformed};
    if (!final->error.empty()) return std::unexpected{ClientError::refused};
    if (!scram::equal_in_constant_time(final->signature, expected_signature_)) {
      return std::unexpected{ClientError::server_not_authentic};
    }
    state_ = State::finished;
    return std::string{};
  }

  bool binds_;
  ClientInputs inputs_;
  State state_ = State::server_first;
  std::string password_;  // prepared
  std::string bare_;
  std::string expected_signature_;
};
}  // namespace

std::unique_ptr<ClientMechanism> make_scram_client(ClientMechanismName name, ClientInputs inputs) {
  return std::make_unique<ScramClient>(name, std::move(inputs));
}
}  // namespace pb::sasl
