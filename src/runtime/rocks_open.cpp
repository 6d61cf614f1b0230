// rocks_open.cpp: see rocks_open.hpp.                           Spec: ARCHITECTURE.md decision 4.
#include "runtime/rocks_open.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace pb::runtime {
namespace {
// In the order of queue::Family. RocksDB wants a family "default": the envelopes are not put there,
// so that every family can be told apart by name on the disk.
constexpr std::array family_names{"envelopes", "bodies", "journal", "accounts"};

rocksdb::DBOptions database_options(StoreSettings const& settings, rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  // An honest power cut leaves a torn tail: recovery stops there. A hole before the tail would be
  // taken for the tail: the synced mark tells them apart (tried; see ARCHITECTURE).
  options.wal_recovery_mode = settings.salvage ? rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords
                                               : rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_total_wal_size = settings.wal_octets;
  options.db_write_buffer_size = settings.memtable_octets;
  options.max_open_files = settings.open_files_max;
  options.max_background_jobs = 2;
  options.max_subcompactions = 1;
  options.use_fsync = false;
  options.bytes_per_sync = 1U << 20;
  options.allow_concurrent_memtable_write = false;  // one thread writes at a time
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1U << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.max_manifest_file_size = 8U << 20;
  options.delete_obsolete_files_period_micros = 60ULL * 1000 * 1000;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(StoreSettings const& settings,
                                            std::shared_ptr<rocksdb::Cache> const& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = settings.memtable_octets / 2;
  options.max_write_buffer_number = 3;
  // A message that leaves within one memtable's life never reaches a table file; what does is
  // mostly on its way out again, so compress only what has stayed.
  options.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression,
                                   rocksdb::kLZ4Compression};
  options.level_compaction_dynamic_level_bytes = false;
  options.target_file_size_base = 16U << 20;
  options.max_bytes_for_level_base = 64U << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 16U << 10;
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> descriptors(StoreSettings const& settings) {
  auto const cache = rocksdb::NewLRUCache(std::max<std::size_t>(settings.block_cache_octets, 1));
  std::vector<rocksdb::ColumnFamilyDescriptor> all;
  for (char const* const name : family_names) {
    all.emplace_back(name, family_options(settings, cache));
  }
  // The families share what "default" does not use; it stays empty.
  rocksdb::ColumnFamilyOptions unused = family_options(settings, cache);
  unused.write_buffer_size = 64U << 10;
  all.emplace_back(rocksdb::kDefaultColumnFamilyName, unused);
  return all;
}

RocksHandles collect(std::unique_ptr<rocksdb::Env> env, rocksdb::DB* db,
                     std::vector<rocksdb::ColumnFamilyHandle*> const& opened) {
  RocksHandles handles;
  handles.env = std::move(env);
  handles.db.reset(db);
  std::copy_n(opened.begin(), family_names.size(), handles.families.begin());
  for (std::size_t i = family_names.size(); i < opened.size(); ++i) {
    db->DestroyColumnFamilyHandle(opened[i]).PermitUncheckedError();
  }
  return handles;
}
}  // namespace

RocksHandles& RocksHandles::operator=(RocksHandles&& other) noexcept {
  if (this == &other) return *this;
  close();
  env = std::move(other.env);
  db = std::move(other.db);
  families = std::exchange(other.families, {});
  return *this;
}

void RocksHandles::close() {
  if (!db) return;
  for (auto*& family : families) {
    if (family != nullptr) db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    family = nullptr;
  }
  db->Close().PermitUncheckedError();
  db.reset();
  env.reset();
}

std::expected<RocksHandles, rocksdb::Status> open_rocks(StoreSettings const& settings,
                                                        std::shared_ptr<FileSystem> const& files,
                                                        std::string const& path) {
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  auto const status = rocksdb::DB::Open(database_options(settings, env.get()), path,
                                        descriptors(settings), &opened, &db);
  if (!status.ok()) return std::unexpected{status};
  return collect(std::move(env), db, opened);
}

std::expected<RocksHandles, rocksdb::Status> open_rocks_read_only(
    StoreSettings const& settings, std::shared_ptr<FileSystem> const& files,
    std::string const& path) {
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DBOptions options = database_options(settings, env.get());
  options.create_if_missing = false;
  options.create_missing_column_families = false;
  auto const status =
      rocksdb::DB::OpenForReadOnly(options, path, descriptors(settings), &opened, &db);
  if (!status.ok()) return std::unexpected{status};
  return collect(std::move(env), db, opened);
}
}  // namespace pb::runtime
