// journal_keeper.hpp: lets old journal entries go, from time to time, on a thread of its own.
// Spec: docs/reference/configuration.md (limits.journal_age, limits.journal_size).
// Tests: journal_keeper_test.cpp      Not here: which entries are old (journal_reader).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "runtime/journal_reader.hpp"

namespace pb::runtime {
class JournalKeeper {
 public:
  static constexpr Duration look_every = std::chrono::hours{1};

  /// Everything outlives it.
  JournalKeeper(RocksStore& store, JournalRetention retention, Clock const& clock, Log& log);
  ~JournalKeeper();
  JournalKeeper(JournalKeeper const&) = delete;
  JournalKeeper& operator=(JournalKeeper const&) = delete;

  /// Looks at the start and then every hour, until it goes.
  void start();
  /// Waits until the look that is under way has ended.
  void stop();
  /// From the next look on.
  void set_retention(JournalRetention retention);
  /// Looks if it is time to; how many segments went. For the thread, and for tests on their clock.
  std::size_t look();

 private:
  void run();
  JournalReader journal_;
  Clock const& clock_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  JournalRetention retention_;
  std::optional<Instant> looked_at_;
  bool stopping_ = false;
  std::thread thread_;
};
}  // namespace pb::runtime
