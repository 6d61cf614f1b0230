// queue_intake.cpp: see queue_intake.hpp.          Spec: RFC 5321 §6.1; ARCHITECTURE "Queue
// states".
#include "runtime/queue_intake.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "base/check.hpp"
#include "runtime/handover.hpp"

namespace pb::runtime {
namespace {
using smtp::server::CommitAnswer;
using smtp::server::CommitResult;
using smtp::server::SinkAnswer;

SinkAnswer sink_answer(queue::StoreError error) {
  return error == queue::StoreError::no_space ? SinkAnswer::no_space : SinkAnswer::failed;
}

/// What both the sink and the commit need; lives as long as the intake.
struct Shared {
  QueueRunner& runner;
  StoragePool& pool;
  Guards& guards;
  Clock const& clock;
  IntakeSettings settings;
};

/// In memory up to the threshold; then a file, written by the pool a chunk at a time.
class QueueBodySink final : public BodySink {
 public:
  QueueBodySink(Shared& shared, QueueId id) : shared_{shared}, id_{id} {}
  ~QueueBodySink() override {
    if (state_) state_->abandoned = true;
    shared_.guards.give_back_memory(counted_);
  }

  std::optional<SinkAnswer> append(std::string_view bytes) override {
    if (failure_) return failure_;
    if (!shared_.guards.take_memory(bytes.size())) return failure_ = SinkAnswer::no_space;
    counted_ += bytes.size();
    octets_ += bytes.size();
    buffer_.append(bytes);
    bool const fits = !state_ && buffer_.size() <= shared_.settings.body_in_memory_max;
    if (fits || buffer_.size() < chunk_octets) return SinkAnswer::ok;
    return std::nullopt;
  }
  asio::awaitable<SinkAnswer> settle() override {
    if (!failure_) co_await write_chunk(false);
    co_return failure_.value_or(SinkAnswer::ok);
  }
  /// Everything of a file is durable, name included. Nothing to do for a body in memory.
  asio::awaitable<SinkAnswer> finish() {
    if (!failure_ && (state_ || buffer_.size() > shared_.settings.body_in_memory_max)) {
      co_await write_chunk(true);
    }
    co_return failure_.value_or(SinkAnswer::ok);
  }
  [[nodiscard]] bool in_file() const { return state_ != nullptr; }
  [[nodiscard]] std::uint64_t octets() const { return octets_; }
  /// The body in memory.
  std::string take() { return std::move(buffer_); }
  /// An envelope names the file now: it is the queue's.
  void keep() {
    if (state_ && state_->writer) state_->writer->keep();
  }

 private:
  static constexpr std::size_t chunk_octets = 256U << 10;
  /// Used by one pool thread at a time; shared, so that a session may end while it is written.
  struct FileState {
    std::unique_ptr<BodyFiles::Writer> writer;
    std::string chunk;
    std::optional<queue::StoreError> error;
    std::atomic<bool> abandoned = false;
  };

  asio::awaitable<void> write_chunk(bool last) {
    if (!state_) state_ = std::make_shared<FileState>();
    state_->chunk = std::exchange(buffer_, {});
    std::uint64_t const written = state_->chunk.size();
    BodyFiles& files = shared_.runner.store().body_files();
    bool const taken = co_await shared_.pool.run(
        [state = state_, &files, id = id_, last] { write(*state, files, id, last); });
    shared_.guards.give_back_memory(written);
    counted_ -= written;
    if (!taken) failure_ = SinkAnswer::failed;
    if (taken && state_->error) failure_ = sink_answer(*state_->error);
  }
  static void write(FileState& state, BodyFiles& files, QueueId id, bool last) {
    if (state.abandoned || state.error) return;
    if (!state.writer) {
      auto made = files.create(id);
      if (!made) {
        state.error = made.error();
        return;
      }
      state.writer = std::move(*made);
    }
    auto done = state.writer->append(state.chunk);
    if (done && last) done = state.writer->finish();
    if (!done) state.error = done.error();
    state.chunk.clear();
  }

  Shared& shared_;
  QueueId id_;
  std::string buffer_;
  std::uint64_t octets_ = 0;
  std::uint64_t counted_ = 0;  // of the guards' memory
  std::optional<SinkAnswer> failure_;
  std::shared_ptr<FileState> state_;  // shared with the pool's work
};

std::string_view role_name(smtp::server::Role role) {
  switch (role) {
    case smtp::server::Role::relay:
      return "relay";
    case smtp::server::Role::submission:
      return "submission";
    case smtp::server::Role::submissions:
      return "submissions";
    case smtp::server::Role::submission_alt:
      return "submission-alt";
  }
  return "unknown";
}

std::string tls_text(smtp::server::TlsFacts const& tls) {
  return tls.active ? tls.version + ' ' + tls.cipher : std::string{};
}

class QueueIntake final : public Intake {
 public:
  explicit QueueIntake(Shared shared) : shared_{std::move(shared)} {}

  QueueId make_id() override { return shared_.runner.make_id(); }
  std::unique_ptr<BodySink> open_body(QueueId id) override {
    return std::make_unique<QueueBodySink>(shared_, id);
  }
  asio::awaitable<CommitAnswer> commit(AcceptedMessage message) override;

 private:
  queue::NewMessage make_message(AcceptedMessage& accepted, QueueBodySink* sink) const;
  asio::awaitable<CommitResult> make_durable(queue::NewMessage message);
  Shared shared_;
};

/// What the queue keeps: trace apart, then header section, empty line and body as one.
queue::NewMessage QueueIntake::make_message(AcceptedMessage& accepted, QueueBodySink* sink) const {
  smtp::server::ReceivedMessage& received = accepted.message;
  smtp::server::SessionFacts const& facts = accepted.facts;
  queue::NewMessage out;
  queue::QueuedMessage& m = out.record.message;
  m.id = accepted.id;
  m.envelope = std::move(received.envelope);
  m.accepted_at = shared_.clock.now();
  if (shared_.settings.expand) {
    delivery::Expanded expanded = shared_.settings.expand(m.envelope, m.accepted_at);
    m.envelope.forward_paths = std::move(expanded.forward_paths);
    m.forwarded = std::move(expanded.forwarded);
  }
  m.expires_at = m.accepted_at + shared_.settings.expire_after;
  m.account = facts.account;
  m.listener = facts.listener;
  m.role = role_name(facts.role);
  m.client = facts.peer.peer.address.text();
  m.tls = tls_text(facts.tls);
  m.eight_bit = facts.message.eight_bit;
  m.spf_failed = accepted.spf_failed;
  m.junk = accepted.junk;
  m.trace = std::move(received.trace);
  m.body_in_file = sink != nullptr && sink->in_file();
  out.inline_bytes = received.header.bytes();
  // A message may end within its header section; then it stays without the empty line.
  if (received.empty_line) out.inline_bytes += "\r\n";
  m.body_octets = out.inline_bytes.size() + (sink != nullptr ? sink->octets() : 0);
  if (sink != nullptr && !m.body_in_file) out.inline_bytes += sink->take();
  out.record.inline_octets = out.inline_bytes.size();
  bool const held = received.verdict.action == smtp::server::Action::hold;
  bool const discarded = received.verdict.action == smtp::server::Action::discard;
  if (held) out.record.held_reason = queue::Reason::held_by_rule;
  for (mail::ForwardPath const& path : m.envelope.forward_paths) {
    bool const captured = shared_.settings.is_captured && shared_.settings.is_captured(facts, path);
    bool const thrown_away =
        discarded || (shared_.settings.is_discarded && shared_.settings.is_discarded(path));
    out.record.captured = out.record.captured || captured;
    out.record.phases.push_back(captured || thrown_away ? queue::Phase::delivered
                                : held                  ? queue::Phase::held
                                                        : queue::Phase::due);
  }
  return out;
}

asio::awaitable<CommitAnswer> QueueIntake::commit(AcceptedMessage message) {
  CommitAnswer answer{.result = CommitResult::durable, .queue_id = message.id};
  if (!shared_.runner.accepting()) {
    answer.result = CommitResult::deferred_no_space;
    co_return answer;
  }
  switch (shared_.guards.pressure(shared_.runner.messages_queued())) {
    case Pressure::none:
      break;
    case Pressure::disk_full:
    case Pressure::inodes_gone:
      answer.result = CommitResult::deferred_no_space;
      co_return answer;
    case Pressure::memory_full:
    case Pressure::queue_full:
      answer.result = CommitResult::deferred_overload;
      co_return answer;
  }
  auto* const sink = dynamic_cast<QueueBodySink*>(message.body.get());
  if (sink != nullptr) {
    SinkAnswer const written = co_await sink->finish();
    if (written != SinkAnswer::ok) {
      answer.result = written == SinkAnswer::no_space ? CommitResult::deferred_no_space
                                                      : CommitResult::deferred_fault;
      co_return answer;
    }
  }
  queue::NewMessage record = make_message(message, sink);
  // From here on the file is the queue's: should the commit fail, the start sweeps it, and should
  // the ticket be withdrawn, the queue drops it behind the records that name it.
  if (sink != nullptr) sink->keep();
  answer.result = co_await make_durable(std::move(record));
  co_return answer;
}

asio::awaitable<CommitResult> QueueIntake::make_durable(queue::NewMessage message) {
  Handover<queue::CommitVerdict> answered{co_await asio::this_coro::executor};
  auto const ticket = shared_.runner.accept(std::move(message), answered.giver());
  auto verdict = co_await answered.take(shared_.settings.commit_wait);
  if (!verdict) {
    if (shared_.runner.withdraw(*ticket)) co_return CommitResult::deferred_fault;
    verdict = co_await answered.take();  // answered in this very moment
  }
  if (!verdict) co_return CommitResult::deferred_fault;
  switch (*verdict) {
    case queue::CommitVerdict::durable:
      co_return CommitResult::durable;
    case queue::CommitVerdict::store_failed:
      co_return CommitResult::deferred_no_space;
  }
  co_return CommitResult::deferred_fault;
}
}  // namespace

std::shared_ptr<Intake> make_queue_intake(QueueRunner& runner, StoragePool& pool, Guards& guards,
                                          Clock const& clock, IntakeSettings settings) {
  return std::make_shared<QueueIntake>(Shared{runner, pool, guards, clock, std::move(settings)});
}
}  // namespace pb::runtime
