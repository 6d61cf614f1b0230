// files.hpp: the one seam to the disk: under RocksDB, body files, the lock and the synced mark.
// Spec: ARCHITECTURE.md decision 4; RFC 5321 §6.1.     Tests: power_cut_test.cpp
// Not here: what the bytes mean. A test gives a FileSystem of its own that forgets what was not
// synced.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "queue/store.hpp"

namespace pb::runtime {
/// RocksDB's own interface is the seam: what lies under RocksDB lies under everything.
using FileSystem = rocksdb::FileSystem;

/// The machine's file system.
std::shared_ptr<FileSystem> real_files();

/// The same, but a name is durable before another file says it (RocksDB's CURRENT).
std::shared_ptr<FileSystem> names_in_order(std::shared_ptr<FileSystem> below);

/// How a disk's error is seen by those who store.
queue::StoreError store_error(rocksdb::Status const& status);

/// The whole file, at most `octets_max`; its absence and its being longer are errors.
std::expected<std::string, queue::StoreError> read_small_file(FileSystem& files,
                                                              std::string const& path,
                                                              std::size_t octets_max);
/// Written beside, synced, renamed over, directory synced: after a power cut the old or the new.
std::expected<void, queue::StoreError> replace_small_file(FileSystem& files,
                                                          std::string const& directory,
                                                          std::string const& name,
                                                          std::string_view bytes);

/// Large bodies, one file each, named by their queue id. All calls block: storage pool only.
class BodyFiles {
 public:
  BodyFiles(std::shared_ptr<FileSystem> files, std::string directory);
  std::expected<void, queue::StoreError> make_directory();

  /// A file being written. Destroyed before finish(): the file is removed.
  class Writer {
   public:
    Writer(BodyFiles& owner, QueueId id, std::unique_ptr<rocksdb::FSWritableFile> file);
    ~Writer();
    Writer(Writer const&) = delete;
    Writer& operator=(Writer const&) = delete;
    std::expected<void, queue::StoreError> append(std::string_view bytes);
    /// fdatasync of the file, then its directory: now an envelope may name it.
    std::expected<void, queue::StoreError> finish();
    /// finish() succeeded and an envelope names the file: it stays.
    void keep() { kept_ = true; }

   private:
    BodyFiles& owner_;
    QueueId id_;
    std::unique_ptr<rocksdb::FSWritableFile> file_;
    bool kept_ = false;
  };
  std::expected<std::unique_ptr<Writer>, queue::StoreError> create(QueueId id);
  /// At most `octets_max` from `offset`; "" at the end.
  std::expected<std::string, queue::StoreError> read(QueueId id, std::uint64_t offset,
                                                     std::size_t octets_max);
  std::expected<std::uint64_t, queue::StoreError> octets(QueueId id);
  /// Absence is no error.
  void remove(QueueId id);
  /// While one lives, remove() waits until it is gone: a copy sees every file that it needs.
  class Stay {
   public:
    explicit Stay(BodyFiles& owner);
    ~Stay();
    Stay(Stay const&) = delete;
    Stay& operator=(Stay const&) = delete;

   private:
    BodyFiles& owner_;
  };
  /// Removes files that no envelope names; returns how many. At start, before anything is written.
  std::size_t sweep(std::function<bool(QueueId)> const& is_named);
  [[nodiscard]] std::vector<QueueId> list();

 private:
  [[nodiscard]] std::string path(QueueId id) const;
  std::shared_ptr<FileSystem> files_;
  std::string directory_;
  std::mutex mutex_;  // of what follows
  unsigned stays_ = 0;
  std::vector<QueueId> to_remove_;
};

/// The last synced sequence number, in two alternating checksummed slots. Written behind each sync
/// and never synced itself: it may lag behind what is durable, and never runs ahead of it.
class SyncedMark {
 public:
  /// 0 when the file is absent or neither slot is whole.
  static std::uint64_t read(FileSystem& files, std::string const& path);
  SyncedMark(std::shared_ptr<FileSystem> files, std::string path);
  ~SyncedMark();
  /// Creates the file when it is absent.
  std::expected<void, queue::StoreError> open();
  /// Errors are ignored: a mark that lags is safe.
  void advance(std::uint64_t sequence);

 private:
  std::shared_ptr<FileSystem> files_;
  std::string path_;
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  std::uint64_t generation_ = 0;
};
}  // namespace pb::runtime
