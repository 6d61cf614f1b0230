// auth.cpp: the AUTH command carries a SASL exchange in base64 lines.
// Spec: RFC 4954 §4 (exchange), §6 (replies).        Tests: dialogues/auth_*.smtp.
// Not here: mechanisms (sasl/), who may log in (accounts/), how long a failure waits (runtime/).
#include <utility>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
void Session::Impl::handle_auth(std::string_view arguments) {
  if (!settings_->auth_offered) return protocol_error(reply::auth_not_offered);
  if (!facts_.account.empty()) return protocol_error(reply::auth_done);
  if (!facts_.tls.active && !settings_->auth_in_clear) return answer(reply::need_tls);
  auto const command = parse_auth(arguments);
  if (!command) return protocol_error(reply::syntax);
  auto const name = sasl::mechanism_named(command->mechanism);
  if (!name || !is_offered(*name)) return protocol_error(reply::unknown_mechanism);
  std::optional<std::string> response;
  if (command->initial_response) {
    response = base64_decode(*command->initial_response);
    if (!response) return protocol_error(reply::bad_base64);
  }
  constexpr std::size_t nonce_octets = 18;
  sasl::MechanismInputs inputs;
  inputs.nonce = base64_encode(random_.bytes(nonce_octets));
  inputs.channel_binding = facts_.tls.channel_binding;
  inputs.plus_offered = is_offered(sasl::MechanismName::scram_sha_256_plus);
  inputs.certificate_identity = facts_.tls.client_identity;
  mechanism_ = sasl::make_mechanism(*name, std::move(inputs));
  mechanism_name_ = sasl::name_of(*name);
  on_auth_outcome(
      mechanism_->respond(response ? std::optional<std::string_view>{*response} : std::nullopt));
}

void Session::Impl::read_auth_line(std::string_view& input) {
  if (input.empty()) return plan(ReadMore{settings_->idle_wait});
  LineResult const line =
      read_line(input, limits::auth_line_octets_max,
                facts_.peer.normalise_lines ? LineRule::normalise : LineRule::strict);
  if (line.kind == LineKind::need_more) return plan(ReadMore{settings_->idle_wait});
  auto const granted = std::exchange(granted_account_, std::nullopt);
  if (line.kind != LineKind::line) {
    mechanism_.reset();
    refuse_line(line.kind, input);
    if (mode_ == Mode::skip_line) mode_ = Mode::skip_auth_line;
    return;
  }
  mode_ = Mode::command;
  if (line.text == "*") {  // RFC 4954 §4: the client gives up
    mechanism_.reset();
    return answer(reply::auth_cancelled);
  }
  auto const response = base64_decode(line.text);
  if (!response) {
    mechanism_.reset();
    return protocol_error(reply::bad_base64);
  }
  if (granted) {
    if (!response->empty()) return auth_failed(sasl::Failure::malformed);
    facts_.account = *granted;
    return auth_succeeded();
  }
  on_auth_outcome(mechanism_->respond(*response));
}

void Session::Impl::on_auth_outcome(sasl::Outcome outcome) {
  mode_ = Mode::command;
  if (auto* challenge = std::get_if<sasl::Challenge>(&outcome)) {
    out_ += auth_challenge_line(base64_encode(challenge->bytes));
    mode_ = Mode::auth_line;
    return;
  }
  if (auto* question = std::get_if<sasl::Question>(&outcome)) {
    return plan(AskAuth{std::move(*question)});
  }
  if (auto* failure = std::get_if<sasl::Failure>(&outcome)) return auth_failed(*failure);
  auto& success = std::get<sasl::Success>(outcome);
  if (!success.final_bytes.empty()) {
    // The server's last word travels as a challenge that the client answers with nothing.
    out_ += auth_challenge_line(base64_encode(success.final_bytes));
    granted_account_ = std::move(success.account);
    mode_ = Mode::auth_line;
    return;
  }
  facts_.account = std::move(success.account);
  auth_succeeded();
}

void Session::Impl::auth_succeeded() {
  mechanism_.reset();
  facts_.auth_mechanism = mechanism_name_;
  answer(reply::auth_ok);
}

void Session::Impl::auth_failed(sasl::Failure failure) {
  mechanism_.reset();
  switch (failure) {
    case sasl::Failure::malformed:
      return protocol_error(reply::auth_malformed);
    case sasl::Failure::unavailable:
      return answer(reply::auth_unavailable);
    case sasl::Failure::denied:
    case sasl::Failure::downgrade:
      break;
  }
  if (++auth_failures_ < settings_->auth_failures_max) {
    answer(reply::auth_denied);
  } else {
    answer(reply::too_many_logins);
    hang_up(HangupReason::too_many_errors);
  }
  // How long is the executor's affair: it knows the network's and the account's other failures.
  plan(Delay{Duration{0}});
}
}  // namespace pb::smtp::server
