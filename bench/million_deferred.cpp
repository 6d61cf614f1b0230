// million_deferred.cpp: what do a million deferred messages cost in memory, at start, and to look
// at? Spec: ARCHITECTURE.md decision 4 (due index in memory).      Run: bench_million_deferred
// DIRECTORY [MESSAGES [DOMAINS]] Not here: SMTP, delivering them.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "queue_load.hpp"
#include "runtime/queue_desk.hpp"

namespace {
using namespace pb;
using namespace pb::bench;

double ms_since(Steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(Steady::now() - begin).count();
}
std::size_t resident_octets() {
  std::ifstream file{"/proc/self/statm"};
  std::size_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Through the store's own interface, as deferred a minute ago and due in an hour.
bool fill(runtime::RocksStore& store, std::size_t messages, std::size_t domains, Instant now) {
  queue::Batch batch;
  for (std::size_t i = 0; i < messages; ++i) {
    QueueId const id{(static_cast<std::uint64_t>(now.time_since_epoch().count()) << 22) + i};
    queue::MessageRecord record;
    record.message.id = id;
    record.message.accepted_at = now;
    record.message.expires_at = now + std::chrono::days{5};
    record.message.envelope.reverse_path.mailbox = mail::Mailbox{"sender", {"from.example"}};
    record.message.envelope.forward_paths.push_back(
        {mail::Mailbox{fmt::format("user{}", i), {fmt::format("d{}.example", i % domains)}},
         {},
         ""});
    record.message.body_octets = record.inline_octets = 64;
    record.phases = {queue::Phase::due};
    queue::RecipientState state;
    state.phase = queue::Phase::deferred;
    state.attempts = 1;
    state.retry_at = now + std::chrono::hours{1} + Duration{i % 600'000};
    state.reason = queue::Reason::connect_timeout;
    using queue::Family;
    batch.push_back({Family::envelopes, queue::envelope_key(id), encode(record)});
    batch.push_back({Family::envelopes, queue::state_key(id, 0), encode(state)});
    batch.push_back({Family::bodies, queue::body_key(id), std::string(64, 'b')});
    if (batch.size() < 30'000 && i + 1 < messages) continue;
    if (!store.write(batch, queue::Durability::soon)) return false;
    batch.clear();
  }
  return store.sync().has_value();
}

/// Mail goes on while an operator holds everything that waits: what it waits for its 250 then,
/// beside before.
void hold_beside_mail(runtime::QueueRunner& runner, runtime::QueueDesk& desk,
                      queue::AdminFilter const& all) {
  constexpr std::size_t sessions = 4;
  Result const before = sessions_of(runner, sessions, [](double past) { return past < 5; });
  std::atomic<bool> holding = true;
  auto const begin = Steady::now();
  std::thread operators{[&] {
    desk.order({.action = queue::AdminAction::hold, .filter = all, .actor = "bench"});
    holding = false;
  }};
  Result const meanwhile = sessions_of(runner, sessions, [&](double) { return holding.load(); });
  operators.join();
  fmt::print("hold all, beside mail: {:.1f} ms\n", ms_since(begin));
  fmt::print(
      "mail of {} sessions: {:.0f}/s, p99 {:.2f} ms before; {:.0f}/s, p99 {:.2f} ms while all "
      "is being held: {:.2f} times (at most 2 wanted)\n",
      sessions, before.rate, before.p99_ms, meanwhile.rate, meanwhile.p99_ms,
      meanwhile.p99_ms / before.p99_ms);
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print("usage: million DIRECTORY [MESSAGES [DOMAINS]]\n");
    return 64;
  }
  std::size_t const messages = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
  std::size_t const domains = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 10'000;
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  NullLog log;
  std::string const data = std::string{argv[1]} + "/data";
  {
    auto store = runtime::RocksStore::open({.data_dir = data, .files = {}});
    if (!store || !fill(**store, messages, domains, clock.now())) return 69;
  }
  auto const begin = Steady::now();
  auto store = runtime::RocksStore::open({.data_dir = data, .files = {}});
  if (!store) return 69;
  fmt::print("open: {:.0f} ms\n", ms_since(begin));
  std::size_t const before = resident_octets();
  runtime::QueueRunner runner{**store, {}, clock, random, log};
  Sink sink{runner};
  runner.set_lease_sink(&sink);
  if (!runner.start()) return 69;
  fmt::print("open and start: {:.0f} ms\n", ms_since(begin));
  std::size_t const after = resident_octets();
  fmt::print("resident: {} KiB before, {} KiB after the start: {:.0f} octets a message\n",
             before >> 10, after >> 10,
             static_cast<double>(after - before) / static_cast<double>(messages));
  runtime::QueueDesk desk{**store, &runner};
  auto const timed = [](char const* what, auto&& work) {
    auto const at = Steady::now();
    work();
    fmt::print("{}: {:.1f} ms\n", what, ms_since(at));
  };
  queue::AdminFilter all;
  all.all = true;
  queue::AdminFilter one;
  one.domain = fmt::format("d{}.example", domains - 1);
  QueueId last;
  timed("list, 100 of all", [&] { last = desk.list(all, 0, 100)->messages.back().id; });
  timed("list, 100 of one domain", [&] { return desk.list(one, 0, 100)->messages.size(); });
  timed("stats", [&] { return desk.stats()->messages; });
  timed("stats by domain", [&] { return desk.domains(10)->size(); });
  timed("show", [&] { return desk.show(last)->has_value(); });
  hold_beside_mail(runner, desk, all);
  fmt::print("held: {}\n", desk.stats()->held);
  return 0;
}
