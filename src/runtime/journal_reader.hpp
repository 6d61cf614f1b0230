// journal_reader.hpp: reads the journal from a cursor, a time or a queue id, and forgets what is
// old. Spec: ARCHITECTURE.md "Journal"; journal/entry.hpp.            Tests:
// journal_reader_test.cpp Not here: writing (queue/), words for people (cli/). A slow reader holds
// nothing up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "journal/entry.hpp"
#include "runtime/rocks_store.hpp"

namespace pb::runtime {
struct JournalRetention {
  Duration keep = std::chrono::days{7};
  std::uint64_t octets_max = 1ULL << 30;
};

/// Any thread; blocks. Entries that cannot be read (a newer format) are left out.
class JournalReader {
 public:
  explicit JournalReader(RocksStore& store) : store_{store} {}
  /// Entries from `cursor` on, oldest first. Go on with the last one's sequence + 1.
  [[nodiscard]] std::vector<journal::Entry> read(std::uint64_t cursor, std::size_t count_max) const;
  /// Everything about one message, oldest first.
  [[nodiscard]] std::vector<journal::Entry> about(QueueId id, std::size_t count_max) const;
  /// The cursor of the first entry not before `at`; behind the last one when there is none.
  [[nodiscard]] std::uint64_t cursor_at(Instant at) const;
  /// Behind the last entry.
  [[nodiscard]] std::uint64_t end() const;
  /// Erases whole segments (65,536 entries) that are too old or too much; how many went. The
  /// segment being written always stays.
  std::size_t forget(JournalRetention const& retention, Instant now);

 private:
  [[nodiscard]] std::uint64_t first() const;
  RocksStore& store_;
};
}  // namespace pb::runtime
