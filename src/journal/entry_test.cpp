// entry_test.cpp: journal entries read back, and their keys stand in the order of time.
// Spec: entry.hpp.
#include "journal/entry.hpp"

#include <gtest/gtest.h>

namespace pb::journal {
namespace {
TEST(JournalEntry, reads_back_and_is_refused_when_cut) {
  Entry const entry{.sequence = 70'000,
                    .at = Instant{Duration{1'700'000'000'000}},
                    .kind = Kind::deferred,
                    .id = QueueId{42},
                    .fields = {{Key::recipient, "a@b.example"}, {Key::text, "try\nlater"}}};
  std::string const bytes = encode(entry);
  EXPECT_EQ(decode(70'000, bytes), entry);
  EXPECT_EQ(decode(70'000, bytes)->get(Key::text), "try\nlater");
  EXPECT_EQ(decode(70'000, bytes)->get(Key::host), "");
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(decode(1, bytes.substr(0, cut))) << cut;
  }
}

TEST(JournalEntry, keys_sort_by_sequence_and_are_found_by_id) {
  EXPECT_LT(entry_key(255), entry_key(256));
  EXPECT_EQ(parse_entry_key(entry_key(123'456'789)), 123'456'789U);
  std::uint64_t const sequence = (3ULL << segment_bits) | 0xFFFF;
  std::string const key = index_key(sequence, QueueId{42});
  auto const [from, until] = index_range(3, QueueId{42});
  EXPECT_LE(from, key);
  EXPECT_LT(key, until);
  EXPECT_GE(index_key(sequence, QueueId{43}), until);
  EXPECT_EQ(parse_index_key(key), sequence);
  EXPECT_FALSE(parse_entry_key(key));
}

TEST(JournalEntry, a_segment_goes_as_two_ranges) {
  auto const entries = entries_below(2);
  auto const index = index_below(2);
  std::uint64_t const last = (2ULL << segment_bits) - 1;
  EXPECT_LT(entry_key(last), entries.second);
  EXPECT_GE(entry_key(last + 1), entries.second);
  EXPECT_LT(index_key(last, QueueId{~0ULL}), index.second);
  EXPECT_GE(index_key(last + 1, QueueId{}), index.second);
}

TEST(JournalEntry, every_kind_has_a_name_that_reads_back) {
  for (int i = 1; i <= 14; ++i) {
    Kind const kind = static_cast<Kind>(i);
    EXPECT_NE(name(kind), "unknown") << i;
    EXPECT_EQ(parse_kind(name(kind)), kind);
  }
}
}  // namespace
}  // namespace pb::journal
