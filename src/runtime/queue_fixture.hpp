// queue_fixture.hpp: a store, a runner and a delivery that a test plays itself.
// Spec: none.                                                     Not here: anything for
// production.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/check.hpp"
#include "runtime/queue_runner.hpp"
#include "runtime/temporary_directory.hpp"

namespace pb::runtime {
class WallClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

/// A small fixed generator (splitmix64) for several threads: tests of one thread replay.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_{seed} {}
  std::uint64_t next() override {
    constexpr std::uint64_t step = 0x9e3779b97f4a7c15;
    std::uint64_t z = state_.fetch_add(step) + step;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::atomic<std::uint64_t> state_;
};

/// Gathers what is lent; next() waits for it, for ten seconds at most.
class LeaseBox final : public LeaseSink {
 public:
  void start(LeasedMessage leased) override {
    std::scoped_lock const guard{lock_};
    box_.push_back(std::move(leased));
    wake_.notify_one();
  }
  void revoke(queue::LeaseId) override {}
  std::optional<LeasedMessage> next(std::chrono::milliseconds wait = std::chrono::seconds{10}) {
    std::unique_lock guard{lock_};
    if (!wake_.wait_for(guard, wait, [&] { return !box_.empty(); })) return std::nullopt;
    LeasedMessage leased = std::move(box_.front());
    box_.pop_front();
    return leased;
  }

 private:
  std::mutex lock_;
  std::condition_variable wake_;
  std::deque<LeasedMessage> box_;
};

inline queue::NewMessage message_to(QueueId id, std::string const& recipient, Instant now,
                                    std::string body = "Subject: x\r\n\r\nhello\r\n") {
  queue::NewMessage message;
  queue::QueuedMessage& m = message.record.message;
  m.id = id;
  m.accepted_at = now;
  m.expires_at = now + std::chrono::days{5};
  m.envelope.reverse_path.mailbox = mail::Mailbox{"sender", {"from.example"}};
  auto const at = recipient.find('@');
  m.envelope.forward_paths.push_back(
      {mail::Mailbox{recipient.substr(0, at), {recipient.substr(at + 1)}}, {}, ""});
  m.trace = "Received: by test\r\n";
  m.body_octets = body.size();
  message.record.inline_octets = body.size();
  message.record.phases = {queue::Phase::due};
  message.inline_bytes = std::move(body);
  return message;
}

/// A queue on a store of its own; reopen() is a restart.
class QueueFixture {
 public:
  explicit QueueFixture(QueueRunnerSettings settings = {}, StoreSettings store = {})
      : settings_{std::move(settings)}, store_settings_{std::move(store)} {
    if (store_settings_.data_dir.empty()) store_settings_.data_dir = dir_.path();
    open();
  }
  ~QueueFixture() { close(); }
  void open() {
    auto store = RocksStore::open(store_settings_);
    PB_CHECK(store.has_value());
    store_ = std::move(*store);
    runner_ = std::make_unique<QueueRunner>(*store_, settings_, clock_, random_, log_);
    runner_->set_lease_sink(&leases_);
    PB_CHECK(runner_->start().has_value());
  }
  void close() {
    runner_.reset();
    store_.reset();
  }
  void reopen() {
    close();
    open();
  }
  QueueId make_id() { return runner_->make_id(); }
  /// Accepts and waits for the answer.
  queue::CommitVerdict accept(queue::NewMessage message) {
    auto answered = std::make_shared<std::promise<queue::CommitVerdict>>();
    auto verdict = answered->get_future();
    runner_->accept(std::move(message), [answered](auto v) { answered->set_value(v); });
    return verdict.get();
  }
  QueueId accept_to(std::string const& recipient) {
    QueueId const id = make_id();
    PB_CHECK(accept(message_to(id, recipient, clock_.now())) == queue::CommitVerdict::durable);
    return id;
  }
  void settle(queue::Lease const& lease, queue::Outcome const& outcome) {
    queue::AttemptDone done{
        .lease = lease.lease, .id = lease.id, .outcomes = {}, .transcripts = {}};
    for (std::uint32_t const index : lease.recipients) done.outcomes.push_back({index, outcome});
    runner_->settle(std::move(done));
  }
  queue::QueueStats stats() {
    std::promise<queue::QueueStats> found;
    runner_->query([&](queue::Queue const& queue) { found.set_value(queue.stats()); });
    return found.get_future().get();
  }
  std::size_t records(queue::Family family) {
    std::size_t count = 0;
    PB_CHECK(store_->scan(family, "", "", [&](auto, auto) { return ++count > 0; }).has_value());
    return count;
  }
  QueueRunner& runner() { return *runner_; }
  RocksStore& store() { return *store_; }
  LeaseBox& leases() { return leases_; }
  WallClock& clock() { return clock_; }
  SeededRandom& random() { return random_; }

 private:
  TemporaryDirectory dir_;
  QueueRunnerSettings settings_;
  StoreSettings store_settings_;
  WallClock clock_;
  SeededRandom random_{42};
  NullLog log_;
  LeaseBox leases_;
  std::unique_ptr<RocksStore> store_;
  std::unique_ptr<QueueRunner> runner_;
};
}  // namespace pb::runtime
