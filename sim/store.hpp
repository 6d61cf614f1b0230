// store.hpp: a store in memory that forgets what was not synced when the power goes.
// Spec: queue/store.hpp (what synced and soon promise); ARCHITECTURE.md decision 4.
// Not here: RocksDB (runtime/rocks_store), when to sync (node.hpp).
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/ids.hpp"
#include "journal/entry.hpp"
#include "queue/store.hpp"
#include "sim/seeded.hpp"

namespace pb::sim {
class SimStore {
 public:
  /// What is written of the journal, and what of it a crash took back.
  std::function<void(journal::Entry const&)> on_entry;
  std::function<void(journal::Entry const&)> on_entry_lost;

  /// One batch: there as a whole or not at all. False: the store failed and takes nothing more.
  bool write(queue::Batch const& batch);
  bool sync();
  /// The next write or sync fails, and everything behind it.
  void fail_next(bool write) { (write ? fail_write_ : fail_sync_) = true; }
  /// The power goes. Of the batches that were not synced the first few survive; one that is torn
  /// fails its checksum. The process's successor finds a healthy store.
  std::size_t crash(SimRandom& random);
  /// The process ends without a power cut: what was written is there.
  void close();

  [[nodiscard]] std::optional<std::string> read(queue::Family family, std::string const& key) const;
  [[nodiscard]] std::map<std::string, std::string> const& records(queue::Family family) const {
    return records_[static_cast<std::size_t>(family)];
  }
  [[nodiscard]] bool was_durable(QueueId id) const { return durable_ids_.contains(id.value()); }
  [[nodiscard]] std::uint64_t writes() const { return writes_; }

  // Body files. One that was finished is durable, name included.
  void put_file(QueueId id, std::string bytes) { files_[id.value()] = std::move(bytes); }
  void drop_file(QueueId id) { files_.erase(id.value()); }
  [[nodiscard]] std::map<std::uint64_t, std::string> const& files() const { return files_; }

  // What a run plants, to see whether the checkers notice.
  bool lies_about_sync = false;

 private:
  struct Undo {
    queue::Family family;
    std::string key;
    std::optional<std::string> before;
  };
  struct Unsynced {
    std::vector<Undo> undo;
    std::vector<journal::Entry> entries;
  };
  std::array<std::map<std::string, std::string>, 4> records_;
  std::vector<Unsynced> unsynced_;
  std::unordered_set<std::uint64_t> durable_ids_;
  std::map<std::uint64_t, std::string> files_;
  std::uint64_t writes_ = 0;
  bool fail_write_ = false, fail_sync_ = false, failed_ = false;
};
}  // namespace pb::sim
