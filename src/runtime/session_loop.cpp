// session_loop.cpp: one Step at a time: at once where that is possible, else as a coroutine.
// Spec: ARCHITECTURE.md "The types that carry it"; RFC 5321 §6.1 (commit before "250").
// Not here: what the steps mean.
#include "runtime/session_loop.hpp"

#include <algorithm>
#include <utility>

#include "smtp/reply.hpp"

namespace pb::runtime {
using namespace smtp::server;

SessionLoop::SessionLoop(Session session, Effects& effects)
    : session_{std::move(session)}, effects_{effects} {}

asio::awaitable<HangupReason> SessionLoop::run(std::string early) {
  kept_ = std::move(early);
  input_ = kept_;
  for (;;) {
    Step step = session_.next(input_);
    if (auto const* hangup = std::get_if<Hangup>(&step)) co_return hangup->reason;
    if (!std::holds_alternative<ReadMore>(step)) command_began_ = false;
    if (!carry_out_now(step)) {
      keep_input();  // others on this core read into the buffer while we wait
      co_await carry_out(std::move(step));
    }
    if (broken_) co_return *broken_;
  }
}

/// True: it is done. False: it has to wait, and carry_out() goes on from here.
bool SessionLoop::carry_out_now(Step& step) {
  if (auto const* append = std::get_if<AppendBody>(&step)) return append_now(append->bytes);
  if (!std::holds_alternative<Commit>(step)) forget_refused_body();
  if (auto* send = std::get_if<Send>(&step)) return send_now(send->bytes);
  return false;
}

asio::awaitable<void> SessionLoop::carry_out(Step step) {
  struct Visitor {
    SessionLoop& loop;
    asio::awaitable<void> operator()(ReadMore more) const { return loop.read_more(more.wait); }
    asio::awaitable<void> operator()(Send& rest) const {
      return loop.send_rest(std::move(rest.bytes));
    }
    asio::awaitable<void> operator()(Ask asked) const { return loop.ask(asked.stage); }
    asio::awaitable<void> operator()(AskAuth& asked) const {
      return loop.ask_auth(std::move(asked.question));
    }
    asio::awaitable<void> operator()(AskProbe& asked) const {
      return loop.ask_probe(std::move(asked.target));
    }
    asio::awaitable<void> operator()(StartTls) const { return loop.start_tls(); }
    asio::awaitable<void> operator()(AppendBody) const { return loop.settle_body(); }
    asio::awaitable<void> operator()(Commit) const { return loop.commit(); }
    asio::awaitable<void> operator()(Delay asked) const { return loop.wait_out(asked.time); }
    asio::awaitable<void> operator()(Hangup) const { return loop.wait_out(Duration{0}); }
  };
  return std::visit(Visitor{*this}, step);
}

void SessionLoop::break_off(IoError error) {
  switch (error) {
    case IoError::timeout:
      broken_ = HangupReason::timeout;
      return;
    case IoError::interrupted:
      broken_ = HangupReason::shutting_down;
      return;
    case IoError::tls:
      broken_ = HangupReason::tls_failed;
      return;
    case IoError::closed:
    case IoError::reset:
      broken_ = HangupReason::end_of_input;
      return;
  }
}

void SessionLoop::keep_input() {
  bool kept = !input_.empty() && input_.data() >= kept_.data() &&
              input_.data() < kept_.data() + kept_.size();
  if (kept) return;
  kept_.assign(input_);
  input_ = kept_;
}

/// A sink whose message was refused is dropped, and with it what was written (services.hpp).
void SessionLoop::forget_refused_body() {
  if (!sink_ || session_.in_message()) return;
  sink_.reset();
  queue_id_.reset();
}

bool SessionLoop::transaction_open() const {
  return session_.in_message() || !session_.facts().envelope.forward_paths.empty();
}

/// A header section is gathered in memory, and in no budget (limits::header_section_octets_max).
bool SessionLoop::in_header() const {
  MessageFacts const& message = session_.facts().message;
  return transaction_open() && message.octets > 0 && message.header == nullptr && !sink_;
}

void SessionLoop::finish_soon() {
  if (shutdown_ == Shutdown::no) shutdown_ = Shutdown::after_transaction;
  if (waiting_for_input_ && !transaction_open()) effects_.interrupt();
}

void SessionLoop::finish_now() {
  shutdown_ = Shutdown::now;
  effects_.interrupt();
}

asio::awaitable<void> SessionLoop::read_more(Duration wait) {
  bool end_now = shutdown_ == Shutdown::now ||
                 (shutdown_ == Shutdown::after_transaction && !transaction_open());
  if (end_now) {
    session_.on_shutdown();
    co_return;
  }
  if (in_header() && effects_.memory_is_short()) {
    smtp::Reply const busy = smtp::reply::too_busy;
    std::ignore = effects_.try_write(busy.wire());
    broken_ = HangupReason::refused;
    co_return;
  }
  if (input_.empty()) std::string{}.swap(kept_);  // an idle session holds no buffer
  waiting_for_input_ = true;
  // One octet now and then must not hold a session for ever.
  bool const same = std::exchange(command_began_, true);
  auto readable = co_await effects_.wait_readable(same ? Effects::same_deadline : wait);
  waiting_for_input_ = false;
  if (!readable) co_return on_read_error(readable.error());
  auto got = effects_.read_now(input_);
  if (!got) co_return on_read_error(got.error());
  input_ = *got;
  kept_.clear();
}

void SessionLoop::on_read_error(IoError error) {
  switch (error) {
    case IoError::interrupted:
      return;  // the next ReadMore sees why
    case IoError::timeout:
      session_.on_timeout();
      return;
    case IoError::closed:
    case IoError::reset:
    case IoError::tls:
      session_.on_end_of_input();
      return;
  }
}

bool SessionLoop::send_now(std::string& bytes) {
  auto taken = effects_.try_write(bytes);
  if (!taken) {
    break_off(taken.error());
    return true;
  }
  if (*taken == bytes.size()) return true;
  bytes.erase(0, *taken);
  return false;
}

asio::awaitable<void> SessionLoop::send_rest(std::string bytes) {
  auto sent = co_await effects_.write(std::move(bytes));
  if (!sent) break_off(sent.error());
}

asio::awaitable<void> SessionLoop::ask(Stage stage) {
  Judge& judge = *effects_.services().judge;
  if (stage == Stage::connect) {
    session_.set_peer(judge.classify(session_.facts().peer));
    if (!effects_.admit(session_.facts().peer)) {
      session_.on_verdict(
          {Action::disconnect, smtp::reply::too_many_sessions, "sessions_per_network"});
      co_return;
    }
  }
  if (stage == Stage::mail && effects_.memory_is_short()) {
    session_.on_verdict({Action::defer, smtp::reply::overloaded, "memory"});
    co_return;
  }
  if (stage == Stage::header || stage == Stage::end_of_data) ensure_queue_id();
  session_.on_verdict(co_await judge.judge(stage, session_.facts()));
}

asio::awaitable<void> SessionLoop::ask_auth(sasl::Question question) {
  Authenticator& authenticator = *effects_.services().authenticator;
  session_.on_auth_answer(co_await authenticator.answer(std::move(question), session_.facts()));
}

asio::awaitable<void> SessionLoop::ask_probe(smtp::ProbeCommand target) {
  PortProber* const prober = effects_.services().prober.get();
  ProbeAnswer answer;
  if (prober != nullptr) answer = co_await prober->probe(std::move(target), session_.facts());
  session_.on_probe_answer(std::move(answer));
}

/// A failed login waits at least as long as the authenticator says (by network and account).
asio::awaitable<void> SessionLoop::wait_out(Duration time) {
  Duration failed_login = effects_.services().authenticator->failure_delay(session_.facts());
  auto waited = co_await effects_.delay(std::max(time, failed_login));
  if (!waited && waited.error() != IoError::interrupted) break_off(waited.error());
}

asio::awaitable<void> SessionLoop::start_tls() {
  // Nothing that came in the clear may be read as if it had come under TLS (CVE-2011-0411).
  input_ = {};
  kept_.clear();
  auto tls = co_await effects_.start_tls();
  if (!tls) co_return break_off(IoError::tls);
  session_.on_tls(std::move(*tls));
}

void SessionLoop::ensure_queue_id() {
  if (queue_id_) return;
  queue_id_ = effects_.services().intake->make_id();
  session_.set_queue_id(*queue_id_);
}

bool SessionLoop::append_now(std::string_view bytes) {
  ensure_queue_id();
  if (!sink_) sink_ = effects_.services().intake->open_body_of(*queue_id_, session_.facts());
  auto answer = sink_->append(bytes);
  if (answer) session_.on_appended(*answer);
  return answer.has_value();
}

asio::awaitable<void> SessionLoop::settle_body() { session_.on_appended(co_await sink_->settle()); }

asio::awaitable<void> SessionLoop::commit() {
  ensure_queue_id();
  Intake& intake = *effects_.services().intake;
  // A message without a body.
  if (!sink_) sink_ = intake.open_body_of(*queue_id_, session_.facts());
  AcceptedMessage message{*queue_id_, session_.take_message(), session_.facts(), std::move(sink_)};
  message.facts.message.header = nullptr;
  queue_id_.reset();
  CommitAnswer answer = co_await intake.commit(std::move(message));
  if (answer.result == CommitResult::durable) ++messages_;
  effects_.message_done();
  session_.on_committed(std::move(answer));
}
}  // namespace pb::runtime
