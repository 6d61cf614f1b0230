// durable_commits.cpp: how many messages a second become durable, beside the disk's own fdatasync
// rate? Spec: ARCHITECTURE.md decision 4 (group commit).    Run: bench_durable_commits DIRECTORY
// [SECONDS] Not here: SMTP, delivery (bench/relay).
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "queue_load.hpp"

namespace {
using namespace pb;
using namespace pb::bench;

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
    Result const r = sessions_of(runner, sessions, [&](double past) { return past < seconds; });
    fmt::print("{:>3} sessions: {:.0f} durable messages/s, median {:.2f} ms, p99 {:.2f} ms\n",
               sessions, r.rate, r.median_ms, r.p99_ms);
  }
  return 0;
}
