// journal_reader.cpp: see journal_reader.hpp.                       Spec: journal/entry.hpp (keys).
#include "runtime/journal_reader.hpp"

#include <optional>
#include <utility>

namespace pb::runtime {
namespace {
using journal::Entry;
using queue::Family;
constexpr std::string_view entries_end = "f";  // entries begin with 'e'
}  // namespace

std::vector<Entry> JournalReader::read(std::uint64_t cursor, std::size_t count_max) const {
  std::vector<Entry> entries;
  if (count_max == 0) return entries;
  auto const take = [&](std::string_view key, std::string_view value) {
    auto const sequence = journal::parse_entry_key(key);
    if (!sequence) return true;
    if (auto entry = journal::decode(*sequence, value)) entries.push_back(std::move(*entry));
    return entries.size() < count_max;
  };
  // What cannot be read ends the answer early; the store says so itself at the next write.
  static_cast<void>(store_.scan(Family::journal, journal::entry_key(cursor), entries_end, take));
  return entries;
}

std::vector<Entry> JournalReader::about(QueueId id, std::size_t count_max) const {
  std::vector<std::uint64_t> sequences;
  std::uint64_t const segments = (end() >> journal::segment_bits) + 1;
  for (std::uint64_t s = first() >> journal::segment_bits; s < segments; ++s) {
    auto const [from, until] = journal::index_range(s, id);
    static_cast<void>(store_.scan(Family::journal, from, until, [&](auto key, auto) {
      if (auto const sequence = journal::parse_index_key(key)) sequences.push_back(*sequence);
      return sequences.size() < count_max;
    }));
  }
  std::vector<Entry> entries;
  for (std::uint64_t const sequence : sequences) {
    auto const value = store_.get(Family::journal, journal::entry_key(sequence));
    if (!value || !*value) continue;
    if (auto entry = journal::decode(sequence, **value)) entries.push_back(std::move(*entry));
  }
  return entries;
}

std::uint64_t JournalReader::first() const {
  auto const entries = read(0, 1);
  return entries.empty() ? end() : entries.front().sequence;
}

std::uint64_t JournalReader::end() const {
  auto const last = store_.last_below(Family::journal, entries_end);
  auto const sequence = last && *last ? journal::parse_entry_key(**last) : std::nullopt;
  return sequence ? *sequence + 1 : 1;
}

/// Time grows with the sequence: bisection, each look one seek.
std::uint64_t JournalReader::cursor_at(Instant at) const {
  std::uint64_t low = first();
  std::uint64_t high = end();
  while (low < high) {
    std::uint64_t const middle = low + (high - low) / 2;
    auto const entry = read(middle, 1);
    if (entry.empty() || entry.front().at >= at) {
      high = middle;
    } else {
      low = entry.front().sequence + 1;
    }
  }
  auto const found = read(low, 1);  // a restart leaves a gap before it
  return found.empty() ? low : found.front().sequence;
}

std::size_t JournalReader::forget(JournalRetention const& retention, Instant now) {
  std::uint64_t const current = end() >> journal::segment_bits;
  std::uint64_t const oldest = first() >> journal::segment_bits;
  std::uint64_t keep_from = cursor_at(now - retention.keep) >> journal::segment_bits;
  std::uint64_t octets = 0;
  for (std::uint64_t s = current + 1; s-- > keep_from;) {
    octets += store_.octets_between(Family::journal, journal::entry_key(s << journal::segment_bits),
                                    journal::entry_key((s + 1) << journal::segment_bits));
    if (octets > retention.octets_max) keep_from = s + 1;
  }
  if (keep_from > current) keep_from = current;
  if (keep_from <= oldest) return 0;
  auto const entries = journal::entries_below(keep_from);
  auto const index = journal::index_below(keep_from);
  if (!store_.erase_range(Family::journal, entries.first, entries.second)) return 0;
  if (!store_.erase_range(Family::journal, index.first, index.second)) return 0;
  return keep_from - oldest;
}
}  // namespace pb::runtime
