// entry.hpp: one durable fact about an accepted message, its bytes, and its place in the journal.
// Spec: ARCHITECTURE.md "Journal".                                       Tests: entry_test.cpp
// Not here: who writes (queue/), retention and reading (runtime/journal_reader).
//
// Family journal:  'e' sequence             the entry
//                  'i' segment id low       (empty) an index by queue id; segment = sequence >> 16
// Numbers are big-endian. The sequence is the cursor: it grows by one an entry, and a restart goes
// on behind the last one. Old segments are erased as ranges, entries and index alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace pb::journal {
inline constexpr std::uint8_t entry_format = 1;
inline constexpr unsigned segment_bits = 16;

/// THE NUMBERS ARE STORED.
enum class Kind : std::uint8_t {
  accepted = 1,
  delivered = 2,
  deferred = 3,
  bounced = 4,
  expired = 5,
  held = 6,
  released = 7,
  retried = 8,  // an operator made it due at once
  rerouted = 9,
  removed = 10,  // an operator deleted it without a report
  reported = 11,
  warned = 12,  // a delay warning was made
  transcript = 13,
  crashed = 14,  // it was in flight when the process died
};
std::string_view name(Kind kind);
std::optional<Kind> parse_kind(std::string_view name);

/// THE NUMBERS ARE STORED. What a field says; a key may stand more than once (recipients).
enum class Key : std::uint8_t {
  recipient = 1,
  reverse_path = 2,
  account = 3,
  client = 4,
  listener = 5,
  octets = 6,
  reason = 7,
  code = 8,
  status = 9,
  text = 10,  // hostile: what the next hop said
  host = 11,
  retry_at = 12,  // milliseconds since 1970
  attempt = 13,
  destination = 14,
  actor = 15,
  via = 16,
  report = 17,  // the queue id of a report about this message
  line = 18,    // of a transcript: "> ", "< " or "- " and the text; hostile
  tls = 19,
  about = 20,  // of a report: the queue id of the message it reports
  crashes = 21,
};
std::string_view name(Key key);

struct Field {
  Key key = Key::text;
  std::string value;
  friend bool operator==(Field const&, Field const&) = default;
};

struct Entry {
  std::uint64_t sequence = 0;
  Instant at{};
  Kind kind = Kind::accepted;
  QueueId id;
  std::vector<Field> fields;
  /// The first field with that key; "" when there is none.
  [[nodiscard]] std::string_view get(Key key) const;
  friend bool operator==(Entry const&, Entry const&) = default;
};

std::string entry_key(std::uint64_t sequence);
std::string index_key(std::uint64_t sequence, QueueId id);
/// All index keys of one message in one segment lie in [first, second).
std::pair<std::string, std::string> index_range(std::uint64_t segment, QueueId id);
/// Everything of the segments below `segment` lies in these two ranges.
std::pair<std::string, std::string> entries_below(std::uint64_t segment);
std::pair<std::string, std::string> index_below(std::uint64_t segment);
std::optional<std::uint64_t> parse_entry_key(std::string_view key);
std::optional<std::uint64_t> parse_index_key(std::string_view key);  // its sequence
std::optional<QueueId> index_id(std::string_view key);

std::string encode(Entry const& entry);
/// nullopt: damaged or newer.
std::optional<Entry> decode(std::uint64_t sequence, std::string_view bytes);
}  // namespace pb::journal
