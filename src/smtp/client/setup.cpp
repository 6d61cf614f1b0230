// setup.cpp: from the greeting to the first transaction: EHLO, STARTTLS, AUTH.
// Spec: RFC 5321 §3.1, §3.2, §4.1.1.1; RFC 3207 §4; RFC 4954 §4.    Tests: dialogue_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "smtp/client/session_impl.hpp"

namespace pb::smtp::client {
namespace {
namespace code {
constexpr std::uint16_t ready = 220;
constexpr std::uint16_t ok = 250;
constexpr std::uint16_t authenticated = 235;
constexpr std::uint16_t challenge = 334;
constexpr std::uint16_t credentials_invalid = 535;
}  // namespace code

bool is_implicit(TlsUse use) {
  return use == TlsUse::implicit || use == TlsUse::implicit_unverified;
}
bool must_encrypt(TlsUse use) { return use == TlsUse::required || use == TlsUse::verified; }
bool must_trust(TlsUse use) { return use == TlsUse::verified || use == TlsUse::implicit; }
}  // namespace

void Session::Impl::say_hello() {
  std::string_view const verb = settings.protocol == Protocol::lmtp ? "LHLO" : "EHLO";
  command(fmt::format("{} {}", verb, settings.ehlo_name), Expect::ehlo);
}

void Session::Impl::on_greeting(RemoteReply reply) {
  greeting = reply;
  if (reply.code == code::ready) return say_hello();
  Fault const fault = reply.code >= 400 ? Fault::refused : Fault::bad_reply;
  fail(fault, Phase::greeting, std::move(reply));
}

void Session::Impl::on_ehlo(RemoteReply reply) {
  if (reply.code == code::ok) {
    capabilities = parse_ehlo(reply.text);
    return after_ehlo();
  }
  // RFC 5321 §3.2: a server that does not know EHLO is asked with HELO. It can give neither TLS nor
  // a login, so that one we must have ends it here.
  bool const helo_will_do = settings.protocol == Protocol::smtp && !settings.credentials &&
                            !must_encrypt(settings.tls) && !tls;
  if (reply.is_permanent() && helo_will_do)
    return command(fmt::format("HELO {}", settings.ehlo_name), Expect::helo);
  Fault const fault = reply.code >= 400 ? Fault::refused : Fault::bad_reply;
  fail(fault, Phase::ehlo, std::move(reply));
}

void Session::Impl::on_helo(RemoteReply reply) {
  if (reply.code == code::ok) {
    capabilities = Capabilities{};
    return become_ready();
  }
  Fault const fault = reply.code >= 400 ? Fault::refused : Fault::bad_reply;
  fail(fault, Phase::ehlo, std::move(reply));
}

bool Session::Impl::starttls_wanted() const {
  if (tls || starttls_refused) return false;
  return must_encrypt(settings.tls) ||
         (settings.tls == TlsUse::opportunistic && capabilities.starttls);
}

void Session::Impl::after_ehlo() {
  if (starttls_wanted()) {
    if (!capabilities.starttls && must_encrypt(settings.tls))
      return fail(Fault::tls_missing, Phase::starttls);
    return command("STARTTLS", Expect::starttls);
  }
  if (!settings.credentials) return become_ready();
  start_auth();
}

void Session::Impl::on_starttls(RemoteReply reply) {
  if (reply.code == code::ready) {
    tls_step_due = true;
    rest_is_injected = true;
    state = State::tls;
    return;
  }
  if (reply.code < 400) return fail(Fault::bad_reply, Phase::starttls, std::move(reply));
  if (must_encrypt(settings.tls))
    return fail(Fault::tls_missing, Phase::starttls, std::move(reply));
  starttls_refused = true;
  after_ehlo();
}

void Session::Impl::on_tls(TlsAnswer answer) {
  bool const established = answer.established;
  bool const trusted = answer.trusted;
  tls = std::move(answer);
  rest_is_injected = false;
  if (!established) {
    out.clear();
    return fail(Fault::tls_failed, Phase::tls);
  }
  if (must_trust(settings.tls) && !trusted) return fail(Fault::tls_untrusted, Phase::tls);
  capabilities = Capabilities{};  // RFC 3207 §4.2: forget what was said in the clear
  state = State::setup;
  if (is_implicit(settings.tls)) return pending.push_back({Expect::greeting});
  say_hello();
}

void Session::Impl::start_auth() {
  // A password goes only to a server that is known to be the one it was given for.
  if (!tls) return fail(Fault::tls_missing, Phase::auth);
  if (!tls->trusted) return fail(Fault::tls_untrusted, Phase::auth);
  mechanisms_left = sasl::choose_mechanisms(capabilities.auth_mechanisms, auth_inputs(), true);
  if (!try_next_mechanism()) fail(Fault::auth_missing, Phase::auth);
}

sasl::ClientInputs Session::Impl::auth_inputs() const {
  sasl::ClientInputs inputs;
  inputs.credentials = *settings.credentials;
  inputs.nonce = settings.client_nonce;
  inputs.channel_binding = tls->channel_binding;
  inputs.plus_offered =
      std::ranges::find(capabilities.auth_mechanisms,
                        sasl::name_of(sasl::ClientMechanismName::scram_sha_256_plus)) !=
      capabilities.auth_mechanisms.end();
  inputs.host = settings.server_host;
  inputs.port = settings.server_port;
  return inputs;
}

bool Session::Impl::try_next_mechanism() {
  while (!mechanisms_left.empty()) {
    sasl::ClientMechanismName const name = mechanisms_left.front();
    mechanisms_left.erase(mechanisms_left.begin());
    auth = sasl::make_client_mechanism(name, auth_inputs());
    auto const initial = auth->initial_response();
    if (!initial) continue;
    std::string line = fmt::format("AUTH {}", sasl::name_of(name));
    if (*initial) line += ' ' + ((*initial)->empty() ? "=" : base64_encode(**initial));
    command(std::move(line), Expect::auth);
    return true;
  }
  auth.reset();
  return false;
}

void Session::Impl::on_auth(RemoteReply reply) {
  if (reply.code == code::authenticated) {
    bool const proven = auth && auth->may_trust_success();
    auth.reset();
    if (!proven) return fail(Fault::auth_unproven, Phase::auth, std::move(reply));
    return become_ready();
  }
  if (reply.code == code::challenge) return continue_auth(reply.text);
  auth.reset();
  if (reply.code < 400) return fail(Fault::bad_reply, Phase::auth, std::move(reply));
  if (reply.is_transient()) return fail(Fault::auth_deferred, Phase::auth, std::move(reply));
  // Wrong credentials are wrong in every mechanism; what else is refused may be this one only.
  if (reply.code != code::credentials_invalid && try_next_mechanism()) return;
  fail(Fault::auth_refused, Phase::auth, std::move(reply));
}

void Session::Impl::continue_auth(std::string_view challenge) {
  auto const decoded = base64_decode(challenge.substr(0, challenge.find('\n')));
  if (auth && decoded) {
    auto response = auth->respond(*decoded);
    if (response) return command(base64_encode(*response), Expect::auth);
    // Who cannot prove to know the password does not get it by a plainer mechanism.
    bool const unproven = response.error() == sasl::ClientError::server_not_authentic ||
                          response.error() == sasl::ClientError::iterations;
    if (unproven) return fail(Fault::auth_unproven, Phase::auth);
  }
  auth.reset();
  command("*", Expect::auth_cancel);  // RFC 4954 §4: the client cancels
}

void Session::Impl::on_auth_cancelled(RemoteReply reply) {
  if (reply.code < 400) return fail(Fault::bad_reply, Phase::auth, std::move(reply));
  if (try_next_mechanism()) return;
  fail(Fault::auth_refused, Phase::auth, std::move(reply));
}

void Session::Impl::become_ready() { state = State::ready; }
}  // namespace pb::smtp::client
