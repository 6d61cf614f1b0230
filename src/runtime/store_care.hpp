// store_care.hpp: looks at every record of a store, mends what cannot be read, writes messages out.
// Spec: docs/reference/command-line.md (packetboat store); queue/message_record.hpp (records).
// Tests: store_care_test.cpp      Not here: blocks and checksums (rocks_store), JSON (api/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "queue/store.hpp"
#include "runtime/rocks_store.hpp"

namespace pb::runtime {
struct StoreFindings {
  std::size_t messages = 0, recipients = 0, captured = 0;
  std::size_t body_files = 0;
  std::size_t loose_files = 0;  // no envelope names them: a start removes them; no damage
  std::size_t journal_entries = 0, accounts = 0;
  std::uint64_t octets = 0;  // of messages
  /// A record that cannot be read, or that what it names is missing from.
  struct Damage {
    queue::Family family = queue::Family::envelopes;
    std::string key;
    std::string text;  // "the envelope of 6h003k...: damaged"
  };
  std::vector<Damage> damages;  // at most damages_max
};
inline constexpr std::size_t damages_max = 10'000;

/// Reads everything, block checksums too; blocks for as long as the disk needs. A running queue may
/// go on meanwhile: what has left since is no damage.
StoreFindings check_store(RocksStore& store);

struct StoreRepair {
  std::size_t removed = 0;        // records
  std::vector<std::string> what;  // each in a sentence
  std::string saved_in;           // where the removed bytes are; empty: nothing was removed
};
/// Moves what cannot be read out of the store, into data_dir/damaged/. For a store opened with
/// `salvage`, without a server. The error says which file cannot be written.
std::expected<StoreRepair, std::string> repair_store(RocksStore& store);

struct StoreExport {
  std::size_t messages = 0;
  std::size_t unreadable = 0;
};
/// Each message as ID.eml (as it would be sent), and envelopes.jsonl with who it is from and for.
/// The directory is made, and must be empty. Files are for the owner only.
std::expected<StoreExport, std::string> export_messages(RocksStore& store,
                                                        std::string const& directory);
}  // namespace pb::runtime
