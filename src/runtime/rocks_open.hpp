// rocks_open.hpp: opens RocksDB with our bounds: memtables, WAL, files, info logs, threads.
// Spec: ARCHITECTURE.md decision 4.             Not here: the lock, the mark (rocks_store.cpp).
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <expected>
#include <memory>
#include <string>

#include "runtime/rocks_store.hpp"

namespace pb::runtime {
/// An open RocksDB and its column families, in the order of queue::Family.
struct RocksHandles {
  std::unique_ptr<rocksdb::Env> env;  // outlives the database
  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, 4> families{};  // owned by db until close()

  RocksHandles() = default;
  RocksHandles(RocksHandles&&) noexcept = default;
  RocksHandles& operator=(RocksHandles&& other) noexcept;
  ~RocksHandles() { close(); }
  void close();
};

std::expected<RocksHandles, rocksdb::Status> open_rocks(StoreSettings const& settings,
                                                        std::shared_ptr<FileSystem> const& files,
                                                        std::string const& path);
std::expected<RocksHandles, rocksdb::Status> open_rocks_read_only(
    StoreSettings const& settings, std::shared_ptr<FileSystem> const& files,
    std::string const& path);
}  // namespace pb::runtime
