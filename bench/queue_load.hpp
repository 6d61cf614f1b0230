// queue_load.hpp: a delivery that takes everything at once, and sessions that give the queue mail.
// Spec: ARCHITECTURE.md decision 4 (two writes a message).            Not here: SMTP (bench/relay).
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "runtime/queue_fixture.hpp"
#include "runtime/system.hpp"

namespace pb::bench {
using Steady = std::chrono::steady_clock;
inline constexpr std::size_t message_octets = 4096;

inline double seconds_since(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

/// Delivers everything at once: each message costs its two writes.
class Sink final : public runtime::LeaseSink {
 public:
  explicit Sink(runtime::QueueRunner& runner) : runner_{runner} {}
  void start(runtime::LeasedMessage leased) override {
    queue::AttemptDone done{leased.lease.lease, leased.lease.id, {}, {}};
    for (auto const index : leased.lease.recipients) {
      done.outcomes.push_back({index, queue::Delivered{{250, {2, 0, 0}, "ok", "mx"}, {}, false}});
    }
    runner_.settle(std::move(done));
  }
  void revoke(queue::LeaseId) override {}

 private:
  runtime::QueueRunner& runner_;
};

struct Result {
  double rate = 0;
  double median_ms = 0;
  double p99_ms = 0;
};

/// `sessions` threads, each sends its next message when the last one is durable.
inline Result sessions_of(runtime::QueueRunner& runner, std::size_t sessions,
                          std::function<bool(double seconds)> const& go_on) {
  std::vector<std::vector<double>> waits(sessions);
  std::vector<std::thread> threads;
  auto const begin = Steady::now();
  for (std::size_t i = 0; i < sessions; ++i) {
    threads.emplace_back([&, i] {
      runtime::SystemClock clock;
      std::string const body(message_octets, 'b');
      while (go_on(seconds_since(begin))) {
        std::promise<queue::CommitVerdict> answered;
        auto const sent = Steady::now();
        Instant const now = clock.now();
        runner.accept(runtime::message_to(runner.make_id(), "a@to.example", now, body),
                      [&](queue::CommitVerdict v) { answered.set_value(v); });
        if (answered.get_future().get() != queue::CommitVerdict::durable) return;
        waits[i].push_back(seconds_since(sent) * 1000);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  double const elapsed = seconds_since(begin);
  std::vector<double> all;
  for (auto const& part : waits) all.insert(all.end(), part.begin(), part.end());
  if (all.empty()) return {};
  std::ranges::sort(all);
  return {static_cast<double>(all.size()) / elapsed, all[all.size() / 2],
          all[all.size() * 99 / 100]};
}
}  // namespace pb::bench
