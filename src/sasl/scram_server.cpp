// scram_server.cpp: the server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS.
// Spec: RFC 5802 §3, §6 (downgrade), RFC 7677, RFC 9266 (tls-exporter).   Tests: server_test.cpp
// Not here: messages and keys (scram.hpp); an unknown user's stable fake keys (accounts/).
//
// States: client_first -> lookup -> client_final -> finished -> (Success). An unknown user takes
// the same way and the same time up to the proof, and fails there.
#include "base/ascii.hpp"
#include "base/check.hpp"
#include "base/encoding.hpp"
#include "sasl/mechanisms.hpp"
#include "sasl/saslprep.hpp"
#include "sasl/scram.hpp"

namespace pb::sasl {
namespace {
constexpr std::string_view binding_name = "tls-exporter";
constexpr std::size_t server_nonce_octets_min = 18;

class ScramServer final : public Mechanism {
 public:
  ScramServer(MechanismInputs inputs, ChannelBinding binding)
      : inputs_{std::move(inputs)}, binding_{binding} {
    PB_CHECK(inputs_.nonce.size() >= server_nonce_octets_min);
    PB_CHECK(binding_ == ChannelBinding::without || !inputs_.channel_binding.empty());
  }

  Outcome respond(std::optional<std::string_view> response) override {
    switch (state_) {
      case State::client_first:
        if (!response) return prompted_ ? Outcome{Failure::malformed} : prompt();
        return on_client_first(*response);
      case State::client_final:
        if (!response) return Failure::malformed;
        return on_client_final(*response);
      case State::finished:
        // SMTP has no room for data beside 235, so the signature went out as a challenge and the
        // client's answer to it is empty (RFC 4954 §4).
        if (response && !response->empty()) return Failure::malformed;
        return Success{account_, {}};
      case State::lookup:
        break;
    }
    check_failed("a response while the look-up is under way", __FILE__, __LINE__);
  }

  Outcome answer(Answer const& answer) override {
    PB_CHECK(state_ == State::lookup);
    auto const* found = std::get_if<ScramFound>(&answer);
    if (found == nullptr) {
      bool const later = std::holds_alternative<Unavailable>(answer);
      return later ? Failure::unavailable : Failure::denied;
    }
    keys_ = found->keys;
    account_ = found->account;
    usable_ = found->usable;
    server_first_ = "r=" + first_.nonce + inputs_.nonce + ",s=" + base64_encode(keys_.salt) +
                    ",i=" + std::to_string(keys_.iterations);
    state_ = State::client_final;
    return Challenge{server_first_};
  }

 private:
  enum class State : std::uint8_t { client_first, lookup, client_final, finished };

  Outcome prompt() {
    prompted_ = true;
    return Challenge{};
  }

  Outcome on_client_first(std::string_view message) {
    auto first = scram::parse_client_first(message);
    if (!first) return Failure::malformed;
    first_ = std::move(*first);
    if (binding_ == ChannelBinding::required) {
      bool const bound =
          first_.flag == scram::BindingFlag::used && first_.binding_name == binding_name;
      if (!bound) return Failure::malformed;
    } else if (first_.flag == scram::BindingFlag::used) {
      return Failure::malformed;  // RFC 5802 §6: "p" belongs to the -PLUS name only
    } else if (first_.flag == scram::BindingFlag::not_offered && inputs_.plus_offered) {
      return Failure::downgrade;  // somebody removed -PLUS from our list (RFC 5802 §6)
    }
    auto prepared = saslprep(first_.user);
    if (!prepared) return Failure::malformed;
    state_ = State::lookup;
    user_ = *prepared;
    return ScramLookup{std::move(*prepared)};
  }

  Outcome on_client_final(std::string_view message) {
    auto const final = scram::parse_client_final(message);
    if (!final) return Failure::malformed;
    std::string expected_binding = first_.gs2_header;
    if (binding_ == ChannelBinding::required) expected_binding += inputs_.channel_binding;
    if (!scram::equal_in_constant_time(final->channel_binding, expected_binding)) {
      return Failure::denied;  // the client speaks over another TLS channel than we do
    }
    if (final->nonce != first_.nonce + inputs_.nonce) return Failure::malformed;
    std::string const auth_message = first_.bare + "," + server_first_ + "," + final->without_proof;
    bool const right = scram::proof_is_right(keys_, auth_message, final->proof);
    if (!right || !usable_) return Failure::denied;
    if (!may_act_as(first_.authorization_identity, user_, account_)) return Failure::denied;
    state_ = State::finished;
    return Challenge{"v=" + base64_encode(scram::server_signature(keys_, auth_message))};
  }

  MechanismInputs inputs_;
  ChannelBinding binding_;
  State state_ = State::client_first;
  bool prompted_ = false;
  scram::ClientFirst first_;
  std::string user_;  // prepared
  std::string server_first_;
  ScramKeys keys_;
  std::string account_;
  bool usable_ = false;
};
}  // namespace

std::unique_ptr<Mechanism> make_scram(MechanismInputs inputs, ChannelBinding binding) {
  return std::make_unique<ScramServer>(std::move(inputs), binding);
}
}  // namespace pb::sasl
