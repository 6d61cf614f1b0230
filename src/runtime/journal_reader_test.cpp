// journal_reader_test.cpp: cursors, times, ids, and what is forgotten.
// Spec: journal_reader.hpp.
#include "runtime/journal_reader.hpp"

#include <gtest/gtest.h>

#include "runtime/queue_fixture.hpp"

namespace pb::runtime {
namespace {
/// `count` entries a second apart, two a message, from `first` on.
void write_entries(RocksStore& store, std::uint64_t first, std::uint64_t count) {
  queue::Batch batch;
  for (std::uint64_t i = first; i < first + count; ++i) {
    journal::Entry const entry{.sequence = i,
                               .at = Instant{std::chrono::seconds{i}},
                               .kind = journal::Kind::accepted,
                               .id = QueueId{i / 2},
                               .fields = {{journal::Key::recipient, "a@b.example"}}};
    batch.push_back({queue::Family::journal, journal::entry_key(i), journal::encode(entry)});
    batch.push_back({queue::Family::journal, journal::index_key(i, entry.id), std::string{}});
  }
  ASSERT_TRUE(store.write(batch, queue::Durability::soon));
}

TEST(JournalReader, goes_on_where_a_cursor_stopped) {
  QueueFixture queue;
  JournalReader const reader{queue.store()};
  EXPECT_EQ(reader.end(), 1U);
  EXPECT_TRUE(reader.read(0, 10).empty());
  write_entries(queue.store(), 10, 25);
  EXPECT_EQ(reader.end(), 35U);
  auto const some = reader.read(0, 20);
  ASSERT_EQ(some.size(), 20U);
  EXPECT_EQ(reader.read(some.back().sequence + 1, 100).size(), 5U);
}

TEST(JournalReader, finds_times_and_messages) {
  QueueFixture queue;
  JournalReader const reader{queue.store()};
  write_entries(queue.store(), 100, 500);
  EXPECT_EQ(reader.cursor_at(Instant{std::chrono::seconds{0}}), 100U);
  EXPECT_EQ(reader.cursor_at(Instant{std::chrono::seconds{250}}), 250U);
  EXPECT_EQ(reader.cursor_at(Instant{std::chrono::seconds{9999}}), 600U);
  auto const about = reader.about(QueueId{100}, 10);
  ASSERT_EQ(about.size(), 2U);
  EXPECT_EQ(about[0].sequence, 200U);
  EXPECT_TRUE(reader.about(QueueId{7}, 10).empty());
}

TEST(JournalReader, forgets_whole_segments_by_age_and_by_size) {
  QueueFixture queue;
  JournalReader reader{queue.store()};
  std::uint64_t const segment = 1ULL << journal::segment_bits;
  for (std::uint64_t s = 0; s < 4; ++s) write_entries(queue.store(), s * segment + 1, 50);
  JournalRetention const week;
  Instant const now{std::chrono::seconds{2 * segment} + week.keep};
  EXPECT_EQ(reader.forget(week, now), 2U);
  EXPECT_EQ(reader.read(0, 1).front().sequence, 2 * segment + 1);
  EXPECT_TRUE(reader.about(QueueId{1}, 10).empty()) << "its index went, too";
  EXPECT_EQ(reader.forget({.keep = week.keep, .octets_max = 1}, Instant{}), 1U);
  EXPECT_EQ(reader.read(0, 100).size(), 50U) << "the segment being written stays";
}
}  // namespace
}  // namespace pb::runtime
