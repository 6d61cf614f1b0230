// journal_keeper_test.cpp: a week goes by on a clock that stands still, and the journal is shorter.
// Spec: journal_keeper.hpp.
#include "runtime/journal_keeper.hpp"

#include <gtest/gtest.h>

#include "runtime/queue_fixture.hpp"

namespace pb::runtime {
namespace {
using std::chrono::days;
constexpr std::uint64_t segment = 1ULL << journal::segment_bits;

struct HandClock final : Clock {
  Instant time{days{20'000}};
  [[nodiscard]] Instant now() const override { return time; }
};

/// A day's mail: one segment with a few entries.
void write_day(RocksStore& store, std::uint64_t day, Instant at) {
  queue::Batch batch;
  for (std::uint64_t i = 0; i < 20; ++i) {
    std::uint64_t const sequence = day * segment + i + 1;
    journal::Entry const entry{.sequence = sequence,
                               .at = at,
                               .kind = journal::Kind::accepted,
                               .id = QueueId{sequence},
                               .fields = {}};
    batch.push_back({queue::Family::journal, journal::entry_key(sequence), encode(entry)});
    batch.push_back({queue::Family::journal, journal::index_key(sequence, entry.id), ""});
  }
  ASSERT_TRUE(store.write(batch, queue::Durability::soon));
}

TEST(JournalKeeper, what_is_older_than_a_week_goes_as_time_goes_by) {
  QueueFixture queue;
  HandClock clock;
  NullLog log;
  JournalKeeper keeper{queue.store(), {}, clock, log};
  JournalReader const journal{queue.store()};
  Instant const began = clock.time;
  for (std::uint64_t day = 0; day < 30; ++day) {
    clock.time = began + days{day};
    write_day(queue.store(), day, clock.time);
    keeper.look();
    Instant const oldest = journal.read(0, 1).front().at;
    EXPECT_LE(clock.time - oldest, days{8}) << "day " << day;
    if (day < 7) EXPECT_EQ(oldest, began) << "nothing young has gone";
  }
  EXPECT_EQ(journal.read(0, 10'000).size(), 8U * 20);
}

TEST(JournalKeeper, looks_once_an_hour_and_at_once_after_a_reload) {
  QueueFixture queue;
  HandClock clock;
  NullLog log;
  JournalKeeper keeper{queue.store(), {}, clock, log};
  write_day(queue.store(), 0, clock.time);
  write_day(queue.store(), 1, clock.time + days{1});
  EXPECT_EQ(keeper.look(), 0U);
  clock.time += std::chrono::minutes{59};
  EXPECT_EQ(keeper.look(), 0U) << "it has just looked";
  keeper.set_retention({.keep = days{7}, .octets_max = 1});
  EXPECT_EQ(keeper.look(), 1U) << "too much: all but the segment being written";
  write_day(queue.store(), 2, clock.time + days{2});
  EXPECT_EQ(keeper.look(), 0U);
  clock.time += std::chrono::hours{1};
  EXPECT_EQ(keeper.look(), 1U);
}

TEST(JournalKeeper, its_thread_ends_when_told) {
  QueueFixture queue;
  HandClock clock;
  NullLog log;
  JournalKeeper keeper{queue.store(), {}, clock, log};
  keeper.start();
  keeper.stop();
}
}  // namespace
}  // namespace pb::runtime
