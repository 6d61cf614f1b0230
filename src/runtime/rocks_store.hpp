// rocks_store.hpp: the durable store of one data_dir: RocksDB, the lock, the format, the mark.
// Spec: ARCHITECTURE.md decision 4; queue/store.hpp (the promise).   Tests: rocks_store_test.cpp
// Not here: what records mean (queue/, journal/), threads (queue_runner), body files (files.hpp).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "queue/store.hpp"
#include "runtime/files.hpp"

namespace pb::runtime {
inline constexpr unsigned store_format = 1;  // of the data_dir; a newer one is refused

struct StoreSettings {
  std::string data_dir;                     // made when absent, unless read_only
  bool read_only = false;                   // for the command line without a server; takes no lock
  std::size_t memtable_octets = 64U << 20;  // all column families together
  std::size_t wal_octets = 128U << 20;
  std::size_t block_cache_octets = 32U << 20;
  int open_files_max = 256;
  bool salvage = false;               // `store repair`: takes what is left, resets the mark
  std::shared_ptr<FileSystem> files;  // null: real_files()
};

struct OpenFailure {
  enum class Kind : std::uint8_t {
    missing,       // read_only and no store there
    locked,        // another process has this data_dir
    newer_format,  // made by a newer Packetboat
    mail_missing,  // less was recovered than had been acknowledged: `packetboat store repair`
    corrupt,
    no_space,
    io,
  };
  Kind kind = Kind::io;
  std::string text;  // for the operator: what it is, what to do
};

/// All calls block and may be made from any thread.
class RocksStore {
 public:
  static std::expected<std::unique_ptr<RocksStore>, OpenFailure> open(StoreSettings settings);
  ~RocksStore();
  RocksStore(RocksStore const&) = delete;
  RocksStore& operator=(RocksStore const&) = delete;

  std::expected<void, queue::StoreError> write(queue::Batch const& batch,
                                               queue::Durability durability);
  /// Makes everything that was written durable.
  std::expected<void, queue::StoreError> sync();
  std::expected<std::optional<std::string>, queue::StoreError> get(queue::Family family,
                                                                   std::string_view key) const;
  /// Keys from `from` on, below `until` ("": to the end), in order, while `take` is true.
  using Take = std::function<bool(std::string_view key, std::string_view value)>;
  std::expected<void, queue::StoreError> scan(queue::Family family, std::string_view from,
                                              std::string_view until, Take const& take) const;
  /// The last key below `until`; nullopt: there is none.
  std::expected<std::optional<std::string>, queue::StoreError> last_below(
      queue::Family family, std::string_view until) const;
  std::expected<void, queue::StoreError> erase_range(queue::Family family, std::string_view from,
                                                     std::string_view until);
  [[nodiscard]] std::uint64_t octets_between(queue::Family family, std::string_view from,
                                             std::string_view until) const;

  /// A write or sync has failed: every later write fails until the process starts again.
  [[nodiscard]] bool has_failed() const;
  [[nodiscard]] bool read_only() const;
  [[nodiscard]] BodyFiles& body_files();
  [[nodiscard]] std::string const& data_dir() const;

  // `packetboat store ...`
  /// Reads every block of every table against its checksum.
  std::expected<void, std::string> verify() const;
  /// A consistent copy, body files included, into a directory that does not exist.
  std::expected<void, std::string> backup(std::string const& directory);
  std::expected<void, std::string> compact();

 private:
  struct Impl;
  explicit RocksStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::runtime
