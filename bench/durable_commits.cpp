// durable_commits.cpp: how many messages a second become durable, beside the disk's own fdatasync
// rate? Spec: ARCHITECTURE.md decision 4 (group commit).    Run: bench_durable_commits DIRECTORY
// [SECONDS] Not here: SMTP, delivery (bench/relay).
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "runtime/queue_runner.hpp"
#include "runtime/system.hpp"

namespace {
using namespace pb;
using Steady = std::chrono::steady_clock;
constexpr std::size_t message_octets = 4096;

double seconds_since(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

/// The disk alone: append 4 KiB, fdatasync, again.
double raw_syncs(std::string const& dir, double seconds) {
  std::string const path = dir + "/raw";
  int const file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  std::string const block(message_octets, 'x');
  auto const begin = Steady::now();
  std::size_t count = 0;
  while (file >= 0 && seconds_since(begin) < seconds) {
    if (write(file, block.data(), block.size()) < 0 || fdatasync(file) != 0) break;
    ++count;
  }
  double const rate = static_cast<double>(count) / seconds_since(begin);
  close(file);
  unlink(path.c_str());
  return rate;
}

queue::NewMessage message(QueueId id, Instant now) {
  queue::NewMessage out;
  queue::QueuedMessage& m = out.record.message;
  m.id = id;
  m.accepted_at = now;
  m.expires_at = now + std::chrono::days{5};
  m.envelope.reverse_path.mailbox = mail::Mailbox{"sender", {"from.example"}};
  m.envelope.forward_paths.push_back({mail::Mailbox{"a", {"to.example"}}, {}, ""});
  m.trace = "Received: from client.example by mx.example with ESMTPS id x\r\n";
  out.inline_bytes.assign(message_octets, 'b');
  m.body_octets = out.record.inline_octets = message_octets;
  out.record.phases = {queue::Phase::due};
  return out;
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
Result sessions_of(runtime::QueueRunner& runner, std::size_t sessions, double seconds) {
  std::vector<std::vector<double>> waits(sessions);
  std::vector<std::thread> threads;
  auto const begin = Steady::now();
  for (std::size_t i = 0; i < sessions; ++i) {
    threads.emplace_back([&, i] {
      runtime::SystemRandom random;
      runtime::SystemClock clock;
      while (seconds_since(begin) < seconds) {
        std::promise<queue::CommitVerdict> answered;
        auto const sent = Steady::now();
        Instant const now = clock.now();
        runner.accept(message(QueueId::make(now, random), now),
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
}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print("usage: commits DIRECTORY [SECONDS]\n");
    return 64;
  }
  std::string const dir = argv[1];
  double const seconds = argc > 2 ? std::atof(argv[2]) : 5;
  fmt::print("raw 4 KiB append + fdatasync: {:.0f}/s\n", raw_syncs(dir, seconds));
  auto store = runtime::RocksStore::open({.data_dir = dir + "/data", .files = {}});
  if (!store) {
    fmt::print("{}\n", store.error().text);
    return 69;
  }
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  NullLog log;
  runtime::QueueRunner runner{**store, {}, clock, random, log};
  Sink sink{runner};
  runner.set_lease_sink(&sink);
  if (!runner.start()) return 69;
  for (std::size_t const sessions : {1U, 5U, 20U, 100U}) {
    Result const r = sessions_of(runner, sessions, seconds);
    fmt::print("{:>3} sessions: {:.0f} durable messages/s, median {:.2f} ms, p99 {:.2f} ms\n",
               sessions, r.rate, r.median_ms, r.p99_ms);
  }
  return 0;
}
