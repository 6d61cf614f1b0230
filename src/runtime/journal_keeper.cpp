// journal_keeper.cpp: see journal_keeper.hpp.     Spec: limits.journal_age, limits.journal_size.
// Tests: journal_keeper_test.cpp
#include "runtime/journal_keeper.hpp"

#include <string>

namespace pb::runtime {
namespace {
constexpr Duration wake_every = std::chrono::minutes{1};  // the clock may jump
}  // namespace

JournalKeeper::JournalKeeper(RocksStore& store, JournalRetention retention, Clock const& clock,
                             Log& log)
    : journal_{store}, clock_{clock}, log_{log}, retention_{retention} {}
JournalKeeper::~JournalKeeper() { stop(); }

void JournalKeeper::start() {
  thread_ = std::thread{[this] { run(); }};
}

void JournalKeeper::stop() {
  {
    std::scoped_lock const guard{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void JournalKeeper::set_retention(JournalRetention retention) {
  {
    std::scoped_lock const guard{mutex_};
    retention_ = retention;
    looked_at_.reset();
  }
  wake_.notify_all();
}

std::size_t JournalKeeper::look() {
  Instant const now = clock_.now();
  JournalRetention retention;
  {
    std::scoped_lock const guard{mutex_};
    // A clock that was set back must not stop it.
    bool const just_looked = looked_at_ && now >= *looked_at_ && now - *looked_at_ < look_every;
    if (just_looked) return 0;
    looked_at_ = now;
    retention = retention_;
  }
  std::size_t const gone = journal_.forget(retention, now);
  if (gone > 0) log_.info("journal_shortened", {{"segments", std::to_string(gone)}});
  return gone;
}

void JournalKeeper::run() {
  for (;;) {
    look();
    std::unique_lock guard{mutex_};
    wake_.wait_for(guard, wake_every, [this] { return stopping_ || !looked_at_; });
    if (stopping_) return;
  }
}
}  // namespace pb::runtime
