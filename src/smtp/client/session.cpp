// session.cpp: the client session's steps, and the receiver that matches replies to commands.
// Spec: RFC 5321 §3.8 (closing), §4.5.3.2 (waits); RFC 2920 §3.1.        Tests: session_test.cpp
#include "smtp/client/session.hpp"

#include <utility>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "smtp/client/session_impl.hpp"

namespace pb::smtp::client {
namespace {
constexpr std::uint16_t service_closing_code = 421;
constexpr Duration quit_wait = std::chrono::seconds{5};  // we need nothing more from this peer

struct ExpectRow {
  Expect expect;
  Phase phase;
  Duration wait;
};
constexpr ExpectRow expect_rows[] = {
    {Expect::greeting, Phase::greeting, limits::greeting_wait},
    {Expect::ehlo, Phase::ehlo, limits::command_wait},
    {Expect::helo, Phase::ehlo, limits::command_wait},
    {Expect::starttls, Phase::starttls, limits::command_wait},
    {Expect::auth, Phase::auth, limits::command_wait},
    {Expect::auth_cancel, Phase::auth, limits::command_wait},
    {Expect::rset, Phase::rset, limits::command_wait},
    {Expect::mail, Phase::mail, limits::mail_wait},
    {Expect::rcpt, Phase::rcpt, limits::rcpt_wait},
    {Expect::data, Phase::data, limits::data_initiation_wait},
    {Expect::chunk, Phase::body, limits::data_block_wait},
    {Expect::final, Phase::end_of_data, limits::data_termination_wait},
    {Expect::lone_dot, Phase::data, limits::data_initiation_wait},
    {Expect::extension, Phase::idle, limits::command_wait},
    {Expect::quit, Phase::quit, quit_wait},
};

ExpectRow const& row_of(Expect expect) {
  for (ExpectRow const& row : expect_rows)
    if (row.expect == expect) return row;
  check_failed("every Expect has a row", __FILE__, __LINE__);
}

bool is_implicit(TlsUse use) {
  return use == TlsUse::implicit || use == TlsUse::implicit_unverified;
}

/// Behind these the peer still listens: it gets a QUIT.
bool deserves_quit(Fault fault) {
  switch (fault) {
    case Fault::refused:
    case Fault::tls_missing:
    case Fault::tls_untrusted:
    case Fault::auth_missing:
    case Fault::auth_refused:
    case Fault::auth_deferred:
      return true;
    case Fault::none:
    case Fault::connect_failed:
    case Fault::timeout:
    case Fault::connection_lost:
    case Fault::bad_reply:
    case Fault::service_closing:
    case Fault::tls_failed:
    case Fault::injected_plaintext:
    case Fault::auth_unproven:
    case Fault::too_large:
    case Fault::eight_bit_missing:
    case Fault::utf8_address_unsupported:
    case Fault::utf8_header_unsupported:
    case Fault::deliverby_missing:
    case Fault::body_failed:
    case Fault::cancelled:
      return false;
  }
  return false;
}
}  // namespace

Phase phase_of(Expect expect) { return row_of(expect).phase; }

Session::Impl::Impl(Settings given) : settings{std::move(given)} {
  PB_CHECK(settings.ehlo_name.find_first_of("\r\n ") == std::string::npos);
  if (is_implicit(settings.tls)) {
    state = State::tls;
    tls_step_due = true;
  } else {
    state = State::setup;
    pending.push_back({Expect::greeting});
  }
}

Step Session::Impl::next(std::string_view& input) {
  take_replies(input);
  if (state == State::ready && open) send_commands();
  // Small content goes in one write with its commands.
  if (open && open->chunked && state == State::ready)
    if (auto need = body_need()) return *need;
  if (!out.empty()) return Send{std::exchange(out, {}), limits::data_block_wait};
  if (tls_step_due) {
    tls_step_due = false;
    return StartTls{};
  }
  if (open && transaction_over()) return finish_transaction();
  if (quit_due && !open && state == State::ready) {
    quit_due = false;
    command("QUIT", Expect::quit);
    return Send{std::exchange(out, {}), quit_wait};
  }
  if (state == State::closing || state == State::closed) {
    state = State::closed;
    return Closed{closed_phase, closed_fault, closed_reply};
  }
  if (open && state == State::ready)
    if (auto need = body_need()) return *need;
  if (state == State::ready && pending.empty() && !open) return Idle{};
  return ReadMore{wait()};
}

void Session::Impl::take_replies(std::string_view& input) {
  while (!input.empty() && state != State::closing && state != State::closed) {
    if (state == State::tls && !rest_is_injected) return;
    if (rest_is_injected) return fail(Fault::injected_plaintext, Phase::starttls);
    auto reply = parser.take(input);
    if (!reply) return fail(Fault::bad_reply, phase());
    if (!*reply) return;
    on_reply(std::move(**reply));
  }
}

void Session::Impl::on_reply(RemoteReply reply) {
  record(false, reply.display(dialogue_line_octets_max));
  bool const closes = reply.code == service_closing_code;
  if (pending.empty()) {  // nobody asked
    Fault const fault = closes ? Fault::service_closing : Fault::bad_reply;
    return fail(fault, phase(), std::move(reply));
  }
  Pending const answered = pending.front();
  pending.pop_front();
  if (!closes) return dispatch(answered, std::move(reply));
  // It is no answer to STARTTLS, AUTH or RSET: neither TLS nor the password was judged, and a kept
  // connection has come to its end.
  bool const asked = answered.expect != Expect::starttls && answered.expect != Expect::auth &&
                     answered.expect != Expect::rset;
  if (asked) dispatch(answered, reply);
  if (state == State::closing) return;
  fail(Fault::service_closing, phase_of(answered.expect), std::move(reply));
}

void Session::Impl::dispatch(Pending answered, RemoteReply reply) {
  switch (answered.expect) {
    case Expect::greeting:
      return on_greeting(std::move(reply));
    case Expect::ehlo:
      return on_ehlo(std::move(reply));
    case Expect::helo:
      return on_helo(std::move(reply));
    case Expect::starttls:
      return on_starttls(std::move(reply));
    case Expect::auth:
      return on_auth(std::move(reply));
    case Expect::auth_cancel:
      return on_auth_cancelled(std::move(reply));
    case Expect::rset:
      if (!reply.is_positive()) fail(Fault::refused, Phase::rset, std::move(reply));
      return;
    case Expect::mail:
      return on_mail(std::move(reply));
    case Expect::rcpt:
      return on_rcpt(answered.recipient, std::move(reply));
    case Expect::data:
      return on_data(std::move(reply));
    case Expect::chunk:
      return on_chunk(std::move(reply));
    case Expect::final:
      return on_final(answered, std::move(reply));
    case Expect::lone_dot:
      return;
    case Expect::extension:
      extension_answer = std::move(reply);
      return;
    case Expect::quit:
      state = State::closing;
      return;
  }
}

void Session::Impl::command(std::string line, Expect expect, std::size_t recipient) {
  bool const secret = expect == Expect::auth;
  if (!secret) {
    record(true, line);
  } else {
    bool const is_verb = line.starts_with("AUTH ");
    record(true, is_verb ? line.substr(0, line.find(' ', 5)) + " ..." : "...");
  }
  out += line;
  out += "\r\n";
  pending.push_back({expect, recipient});
}

void Session::Impl::fail(Fault fault, Phase at, std::optional<RemoteReply> reply) {
  if (state == State::closing || state == State::closed) return;
  closed_fault = fault;
  closed_phase = at;
  closed_reply = reply;
  if (open) {
    open->transcript.fault = fault;
    open->transcript.phase = at;
    open->transcript.reply = std::move(reply);
    if (tls) open->transcript.detail = tls->problem;
  }
  out.clear();
  pending.clear();
  tls_step_due = false;
  auth.reset();
  if (deserves_quit(fault)) {
    record(true, "QUIT");
    out = "QUIT\r\n";
  }
  state = State::closing;
}

void Session::Impl::record(bool sent, std::string_view text) {
  if (!settings.record_dialogue || dialogue.size() >= dialogue_lines_max) return;
  dialogue.push_back({sent, std::string{text.substr(0, dialogue_line_octets_max)}});
}

Phase Session::Impl::phase() const {
  if (state == State::connecting) return Phase::connect;
  if (state == State::tls) return Phase::tls;
  if (!pending.empty()) return phase_of(pending.front().expect);
  if (open && open->stage == Open::Stage::body) return Phase::body;
  return Phase::idle;
}

Duration Session::Impl::wait() const {
  return pending.empty() ? Duration{limits::command_wait} : row_of(pending.front().expect).wait;
}

bool Session::Impl::is_usable() const {
  if (open || quit_due || state == State::closing || state == State::closed) return false;
  if (!pending.empty() && pending.front().expect == Expect::quit) return false;
  return !capabilities.mail_max || transactions < *capabilities.mail_max;
}

void Session::Impl::quit() {
  if (state != State::ready) return fail(Fault::cancelled, phase());
  if (open && !open->transcript.end_of_data_sent) return fail(Fault::cancelled, phase());
  quit_due = true;
}

Session::Session(Settings settings) : impl_{std::make_unique<Impl>(std::move(settings))} {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;

Step Session::next(std::string_view& input) { return impl_->next(input); }
void Session::begin(Transaction transaction) { impl_->begin(std::move(transaction)); }
void Session::ask(std::string command) {
  PB_CHECK(is_ready() && usable() && command.find_first_of("\r\n") == std::string::npos);
  impl_->extension_answer.reset();
  impl_->command(std::move(command), Expect::extension);
}
std::optional<RemoteReply> const& Session::answer() const { return impl_->extension_answer; }
void Session::on_body(std::string_view bytes) { impl_->on_body(bytes); }
void Session::on_body_failed() { impl_->fail(Fault::body_failed, Phase::body); }
void Session::on_tls(TlsAnswer answer) { impl_->on_tls(std::move(answer)); }
void Session::on_connect_failed(Fault fault, std::string detail) {
  impl_->fail(fault, Phase::connect);
  if (impl_->open) impl_->open->transcript.detail = std::move(detail);
}
void Session::quit() { impl_->quit(); }

void Session::on_timeout() {
  // Whoever does not answer QUIT is left alone.
  bool const quitting = impl_->phase() == Phase::quit;
  impl_->fail(quitting ? Fault::none : Fault::timeout, impl_->phase());
}

void Session::on_end_of_input() {
  bool const quitting = impl_->phase() == Phase::quit;
  impl_->fail(quitting ? Fault::none : Fault::connection_lost, impl_->phase());
}

bool Session::usable() const { return impl_->is_usable(); }
bool Session::is_ready() const { return impl_->state == Impl::State::ready; }
Capabilities const& Session::capabilities() const { return impl_->capabilities; }
std::optional<RemoteReply> const& Session::greeting() const { return impl_->greeting; }
std::optional<TlsAnswer> const& Session::tls() const { return impl_->tls; }
Phase Session::phase() const { return impl_->phase(); }
std::vector<DialogueLine> Session::take_dialogue() { return std::exchange(impl_->dialogue, {}); }
std::size_t Session::transactions() const { return impl_->transactions; }
}  // namespace pb::smtp::client
