// session.cpp: the session's loop: who reads the next octet, what goes out, what is answered.
// Spec: RFC 5321 §3, §4.5.3.2 (waits), §3.8 (421); RFC 2920 §3.1 (gathered replies).
// Tests: session_test.cpp, tests/dialogues.        Not here: commands (a file each), receive.cpp.
#include "smtp/server/session.hpp"

#include <utility>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "base/mark.hpp"
#include "base/utf8.hpp"
#include "smtp/client_hello.hpp"
#include "smtp/server/commands.hpp"
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
namespace {
constexpr std::size_t gathered_octets_max = 16 * 1024;

/// Replies to MAIL and RCPT may wait for their neighbours' (RFC 2920 §3.1); everything else that
/// can take time, and every wait for the peer, sends what has been gathered first. But a delay is
/// for the reply to a failed login: who guesses must not have it before the delay is over.
bool flushes(Step const& step) {
  if (Ask const* ask = std::get_if<Ask>(&step)) {
    return ask->stage != Stage::mail && ask->stage != Stage::rcpt;
  }
  return !std::holds_alternative<AppendBody>(step) && !std::holds_alternative<Delay>(step);
}
}  // namespace

Session::Impl::Impl(std::shared_ptr<Settings const> settings, SessionFacts facts,
                    Clock const& clock, Random& random)
    : settings_{std::move(settings)}, facts_{std::move(facts)}, clock_{clock}, random_{random} {}

Step Session::Impl::next(std::string_view& input) {
  PB_CHECK(waiting_ == Waiting::none);
  for (;;) {
    bool const full = out_.size() > gathered_octets_max;
    if (planned_ ? flushes(*planned_) && !out_.empty() : full) return Send{std::exchange(out_, {})};
    if (planned_) break;
    if (mode_ == Mode::handshake && !out_.empty()) return Send{std::exchange(out_, {})};
    advance(input);
  }
  Step step = std::move(*planned_);
  planned_.reset();
  if (std::holds_alternative<Ask>(step)) waiting_ = Waiting::verdict;
  if (std::holds_alternative<AskAuth>(step)) waiting_ = Waiting::auth;
  if (std::holds_alternative<AskProbe>(step)) waiting_ = Waiting::probe;
  if (std::holds_alternative<StartTls>(step)) waiting_ = Waiting::tls;
  if (std::holds_alternative<AppendBody>(step)) waiting_ = Waiting::appended;
  if (std::holds_alternative<Commit>(step)) waiting_ = Waiting::committed;
  return step;
}

void Session::Impl::advance(std::string_view& input) {
  switch (mode_) {
    case Mode::start:
      return ask(Stage::connect);
    case Mode::greet:
      return greet(input);
    case Mode::command:
      return read_command(input);
    case Mode::skip_line:
    case Mode::skip_auth_line: {
      std::size_t const before = input.size();
      bool const over =
          skip_line(input, facts_.peer.normalise_lines ? LineRule::normalise : LineRule::strict);
      skipped_octets_ += before - input.size();
      if (skipped_octets_ > limits::skipped_line_octets_max) {
        answer(reply::not_smtp);
        return hang_up(HangupReason::not_smtp);
      }
      if (!over) return plan(ReadMore{settings_->idle_wait});
      bool const in_auth = mode_ == Mode::skip_auth_line;
      mode_ = Mode::command;
      return protocol_error(in_auth ? reply::auth_line_too_long : reply::line_too_long);
    }
    case Mode::auth_line:
      return read_auth_line(input);
    case Mode::starttls:
      // CVE-2011-0411: what stands behind STARTTLS in the clear could be taken for the protected
      // session's. An honest client waits for the reply (RFC 3207 §4).
      if (!input.empty()) {
        PB_MARK(plaintext_injected);
        answer(reply::injected_plaintext);
        input = {};
        return hang_up(HangupReason::injected_plaintext);
      }
      answer(reply::start_tls);
      mode_ = Mode::handshake;
      return;
    case Mode::handshake:
      if (!input.empty()) {
        input = {};
        return hang_up(HangupReason::injected_plaintext);
      }
      return plan(StartTls{});
    case Mode::data:
      return read_data(input);
    case Mode::chunk:
      return read_chunk(input);
    case Mode::closed:
      return plan(Hangup{reason_});
  }
}

void Session::Impl::greet(std::string_view& input) {
  if (!input.empty() && !restarted_) {
    bool const foreign =
        looks_like_client_hello(input) != Guess::no || looks_like_http(input) != Guess::no;
    PB_MARK(early_talker);
    if (looks_like_client_hello(input) == Guess::yes) {
      answer(reply::tls_expected.with("TLS is spoken here only after STARTTLS"));
    } else {
      answer(reply::early_talker);
    }
    input = {};
    return hang_up(foreign ? HangupReason::not_smtp : HangupReason::early_talker);
  }
  if (shutting_down_) {
    answer(reply::shutting_down);
    return hang_up(HangupReason::shutting_down);
  }
  answer(reply::greeting.with(settings_->hostname + " ESMTP Packetboat"));
  mode_ = Mode::command;
}

void Session::Impl::read_command(std::string_view& input) {
  if (shutting_down_) {
    answer(reply::shutting_down);
    return hang_up(HangupReason::shutting_down);
  }
  if (input.empty()) return plan(ReadMore{settings_->idle_wait});
  bool const auth = ascii::istarts_with(input, "AUTH ");
  LineResult const line =
      read_line(input, auth ? limits::auth_line_octets_max : limits::command_line_octets_max,
                facts_.peer.normalise_lines ? LineRule::normalise : LineRule::strict);
  if (line.kind == LineKind::line) return dispatch(line.text);
  refuse_line(line.kind, input);
}

void Session::Impl::refuse_line(LineKind kind, std::string_view input) {
  switch (kind) {
    case LineKind::line:
    case LineKind::need_more:
      return plan(ReadMore{settings_->idle_wait});
    case LineKind::too_long:
      skipped_octets_ = 0;
      mode_ = Mode::skip_line;
      return;
    case LineKind::bare_line_end:
      answer(reply::bare_line_end_in_command);
      return hang_up(HangupReason::bare_line_end);
    case LineKind::garbage:
      // By its first octet alone, so that the answer does not hang on how the bytes arrive.
      if (looks_like_client_hello(input.substr(0, 1)) != Guess::no) {
        answer(reply::not_smtp.with("TLS is spoken here only after STARTTLS"));
      } else {
        answer(reply::not_smtp);
      }
      return hang_up(HangupReason::not_smtp);
  }
}

void Session::Impl::dispatch(std::string_view line) {
  if (looks_like_http(line) == Guess::yes) {
    answer(reply::not_smtp);
    return hang_up(HangupReason::not_smtp);
  }
  if (++commands_ > settings_->commands_max) {
    answer(reply::too_many_commands);
    return hang_up(HangupReason::too_many_errors);
  }
  CommandLine const command = split_command(line);
  CommandRow const* const row = find_command(command.verb);
  if (!utf8::is_ascii(line) && (row == nullptr || !row->utf8_arguments)) {
    return protocol_error(reply::non_ascii_command);
  }
  if (row == nullptr) return protocol_error(reply::unknown_command);
  if (!utf8::valid(line)) return protocol_error(reply::bad_utf8_command);
  if (settings_->tls_required && !facts_.tls.active && !row->before_tls) {
    return answer(reply::need_tls);
  }
  if (!allows(*row, order_)) return answer(wrong_order(*row, order_));
  (this->*row->handle)(command.arguments);
}

void Session::Impl::answer(Reply const& reply) { out_ += reply.wire(); }

void Session::Impl::protocol_error(Reply const& reply) {
  if (++errors_ < settings_->errors_max) return answer(reply);
  answer(reply::too_many_errors);
  hang_up(HangupReason::too_many_errors);
}

void Session::Impl::syntax_error(SyntaxError error, NamedReply const& bad_path,
                                 NamedReply const& needs_utf8) {
  switch (error) {
    case SyntaxError::syntax:
      return protocol_error(reply::syntax);
    case SyntaxError::bad_path:
      return protocol_error(bad_path);
    case SyntaxError::path_not_ascii:
      return protocol_error(needs_utf8);
    case SyntaxError::unknown_parameter:
      return protocol_error(reply::unknown_parameter);
    case SyntaxError::repeated_parameter:
      return protocol_error(reply::repeated_parameter);
    case SyntaxError::bad_parameter:
      return protocol_error(reply::bad_parameter);
  }
}

void Session::Impl::ask(Stage stage) {
  asked_ = stage;
  plan(Ask{stage});
}

void Session::Impl::hang_up(HangupReason reason) {
  reason_ = reason;
  mode_ = Mode::closed;
  receiving_.reset();
  plan(Hangup{reason});
}

void Session::Impl::answer_refusal(Verdict const& verdict) {
  answer(verdict.reply);
  if (verdict.action == Action::disconnect) hang_up(HangupReason::refused);
}

void Session::Impl::reset_transaction() {
  facts_.envelope = {};
  facts_.recipient.reset();
  facts_.message = {};
  receiving_.reset();
  queue_id_ = {};
  if (order_ != Order::connected) order_ = Order::greeted;
}

void Session::Impl::on_verdict(Verdict verdict) {
  PB_CHECK(waiting_ == Waiting::verdict);
  waiting_ = Waiting::none;
  switch (asked_) {
    case Stage::connect:
      return on_connect_verdict(verdict);
    case Stage::ehlo:
      return on_ehlo_verdict(verdict);
    case Stage::auth:
      return;  // AUTH asks by AskAuth
    case Stage::mail:
      return on_mail_verdict(verdict);
    case Stage::rcpt:
      return on_rcpt_verdict(verdict);
    case Stage::header:
      return on_header_verdict(verdict);
    case Stage::end_of_data:
      return on_end_verdict(verdict);
  }
}

void Session::Impl::on_connect_verdict(Verdict const& verdict) {
  mode_ = Mode::greet;
  if (is_acceptance(verdict)) return;
  answer(verdict.reply);
  hang_up(HangupReason::refused);
}

void Session::Impl::on_tls(TlsFacts tls) {
  PB_CHECK(waiting_ == Waiting::tls);
  waiting_ = Waiting::none;
  // RFC 3207 §4.2: everything learnt before the handshake is forgotten.
  order_ = Order::connected;
  reset_transaction();
  facts_.helo.clear();
  facts_.esmtp = false;
  facts_.account.clear();
  facts_.auth_mechanism.clear();
  mechanism_.reset();
  granted_account_.reset();
  facts_.tls = std::move(tls);
  mode_ = Mode::command;
}

Session::Session(std::shared_ptr<Settings const> settings, SessionFacts facts, Clock const& clock,
                 Random& random)
    : impl_{std::make_unique<Impl>(std::move(settings), std::move(facts), clock, random)} {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;

Step Session::next(std::string_view& input) { return impl_->next(input); }
void Session::on_verdict(Verdict verdict) { impl_->on_verdict(std::move(verdict)); }
void Session::on_auth_answer(sasl::Answer answer) {
  PB_CHECK(impl_->waiting_ == Impl::Waiting::auth);
  impl_->waiting_ = Impl::Waiting::none;
  impl_->on_auth_outcome(impl_->mechanism_->answer(answer));
}
void Session::on_probe_answer(ProbeAnswer answer) { impl_->on_probe_answer(answer); }
void Session::on_tls(TlsFacts tls) { impl_->on_tls(std::move(tls)); }
void Session::on_appended(SinkAnswer answer) { impl_->on_appended(answer); }
void Session::on_committed(CommitAnswer answer) { impl_->on_committed(answer); }

void Session::on_end_of_input() {
  impl_->waiting_ = Impl::Waiting::none;
  impl_->hang_up(HangupReason::end_of_input);
}

void Session::on_timeout() {
  impl_->waiting_ = Impl::Waiting::none;
  impl_->answer(reply::timed_out);
  impl_->hang_up(HangupReason::timeout);
}

void Session::on_shutdown() {
  impl_->shutting_down_ = true;
  // A session that waits for a command is told at once; a message on its way is received first.
  bool const idle = impl_->mode_ == Impl::Mode::command || impl_->mode_ == Impl::Mode::auth_line;
  if (!idle || impl_->waiting_ != Impl::Waiting::none || impl_->planned_) return;
  impl_->answer(reply::shutting_down);
  impl_->hang_up(HangupReason::shutting_down);
}

SessionFacts const& Session::facts() const { return impl_->facts_; }
void Session::set_peer(PeerFacts peer) { impl_->facts_.peer = std::move(peer); }
void Session::set_queue_id(QueueId id) { impl_->queue_id_ = id; }
ReceivedMessage Session::take_message() { return impl_->take_message(); }
bool Session::in_message() const { return impl_->receiving_ && impl_->receiving_->sink_open; }
}  // namespace pb::smtp::server
