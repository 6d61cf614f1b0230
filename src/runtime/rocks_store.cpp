// rocks_store.cpp: see rocks_store.hpp.     Spec: ARCHITECTURE.md decision 4 (store, recovery).
// Not here: options and opening of RocksDB itself (rocks_open.cpp).
#include "runtime/rocks_store.hpp"

#include <fmt/format.h>
#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <mutex>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "runtime/rocks_open.hpp"
#include "runtime/spare_descriptors.hpp"

namespace pb::runtime {
namespace {
using queue::StoreError;
rocksdb::IOOptions const no_options;
constexpr std::string_view format_prefix = "packetboat store ";
constexpr std::size_t copied_octets = 1U << 20;
constexpr std::size_t spare_descriptors = 64;  // a compaction opens as many tables at once

std::unexpected<OpenFailure> refuse(OpenFailure::Kind kind, std::string text) {
  return std::unexpected{OpenFailure{kind, std::move(text)}};
}

std::unexpected<OpenFailure> refuse(StoreError error, std::string const& what) {
  auto const kind = error == StoreError::no_space  ? OpenFailure::Kind::no_space
                    : error == StoreError::corrupt ? OpenFailure::Kind::corrupt
                                                   : OpenFailure::Kind::io;
  return refuse(kind, what);
}

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(rocksdb::Slice const& bytes) { return {bytes.data(), bytes.size()}; }
std::size_t index(queue::Family family) { return static_cast<std::size_t>(family); }

/// The format of an existing data_dir, 0 when it has none.
std::expected<unsigned, OpenFailure> read_format(FileSystem& files, std::string const& dir) {
  std::string const path = dir + "/FORMAT";
  if (files.FileExists(path, no_options, nullptr).IsNotFound()) return 0U;
  auto const text = read_small_file(files, path, 256);
  if (!text) return refuse(text.error(), path + " cannot be read");
  std::string_view number = ascii::trim(*text);
  unsigned format = 0;
  if (number.starts_with(format_prefix)) number.remove_prefix(format_prefix.size());
  auto const [end, error] = std::from_chars(number.data(), number.data() + number.size(), format);
  if (error != std::errc{} || format == 0) {
    return refuse(OpenFailure::Kind::corrupt, path + " is not a format marker");
  }
  if (format > store_format) {
    return refuse(OpenFailure::Kind::newer_format,
                  fmt::format("{} was written by a newer Packetboat (store format {}, this one "
                              "knows {}): start that version, see UPGRADING.md",
                              dir, format, store_format));
  }
  return format;
}

/// The memtable starts at the place of the last key that went in: neighbours cost a few
/// comparisons, all else a search from its top. Writes to the same key keep their order.
std::vector<std::size_t> in_key_order(queue::Batch const& batch) {
  std::vector<std::size_t> places(batch.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::ranges::sort(places, {}, [&](std::size_t place) {
    return std::tuple{batch[place].family, std::string_view{batch[place].key}, place};
  });
  return places;
}

/// A file that is still being written is copied as far as it goes: no envelope names it yet.
bool copy_body(BodyFiles& from, BodyFiles& to, QueueId id) {
  auto writer = to.create(id);
  if (!writer) return false;
  for (std::uint64_t offset = 0;;) {
    auto const part = from.read(id, offset, copied_octets);
    if (!part) return false;
    if (part->empty()) break;
    if (!(*writer)->append(*part)) return false;
    offset += part->size();
  }
  if (!(*writer)->finish()) return false;
  (*writer)->keep();
  return true;
}
}  // namespace

struct RocksStore::Impl {
  StoreSettings settings;
  std::shared_ptr<FileSystem> files;
  rocksdb::FileLock* lock = nullptr;
  RocksHandles handles;  // closed before the lock is given back
  std::unique_ptr<SyncedMark> mark;
  std::unique_ptr<BodyFiles> bodies;
  std::mutex write_order;  // a mark names a sequence number that its own sync covered
  std::atomic<bool> failed = false;

  explicit Impl(StoreSettings given) : settings{std::move(given)}, files{settings.files} {
    files = names_in_order(files ? files : real_files());
    // A body that finds no descriptor is one message deferred: the spare ones are not for it.
    bodies = std::make_unique<BodyFiles>(files, settings.data_dir + "/bodies");
    if (!settings.read_only) files = with_spare_descriptors(files, spare_descriptors);
  }
  ~Impl() {
    mark.reset();
    handles.close();
    if (lock != nullptr) files->UnlockFile(lock, no_options, nullptr).PermitUncheckedError();
  }

  [[nodiscard]] std::string store_path() const { return settings.data_dir + "/store"; }
  [[nodiscard]] std::string mark_path() const { return settings.data_dir + "/synced-mark"; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(queue::Family which) const {
    return handles.families[index(which)];
  }
  std::expected<void, OpenFailure> prepare_directory();
  std::expected<void, OpenFailure> check_mark();
  std::expected<void, OpenFailure> open_writable();
  std::expected<void, OpenFailure> open_readable();
  std::expected<void, StoreError> fail(rocksdb::Status const& status) {
    failed = true;
    return std::unexpected{store_error(status)};
  }
};

/// The directory, its lock and its format marker: in this order, before any byte is trusted.
std::expected<void, OpenFailure> RocksStore::Impl::prepare_directory() {
  std::string const& dir = settings.data_dir;
  if (auto const made = files->CreateDirIfMissing(dir, no_options, nullptr); !made.ok()) {
    return refuse(OpenFailure::Kind::io, "data_dir: " + made.ToString());
  }
  auto const locked = files->LockFile(dir + "/lock", no_options, &lock, nullptr);
  if (!locked.ok()) {
    lock = nullptr;
    return refuse(OpenFailure::Kind::locked,
                  dir +
                      " is in use by another Packetboat: stop it, or give this one a data_dir "
                      "of its own");
  }
  auto const format = read_format(*files, dir);
  if (!format) return std::unexpected{format.error()};
  if (*format == 0) {
    std::string const marker = fmt::format("{}{}\n", format_prefix, store_format);
    auto const written = replace_small_file(*files, dir, "FORMAT", marker);
    if (!written) return refuse(written.error(), dir + "/FORMAT cannot be written");
  }
  if (auto const made = bodies->make_directory(); !made) {
    return refuse(made.error(), dir + "/bodies cannot be made");
  }
  return {};
}

/// Asks a read-only view first: opening for writing would throw away what lies behind a hole.
std::expected<void, OpenFailure> RocksStore::Impl::check_mark() {
  std::uint64_t const synced = SyncedMark::read(*files, mark_path());
  if (synced == 0 || settings.salvage) return {};
  auto const view_only = open_rocks_read_only(settings, files, store_path());
  std::uint64_t recovered = 0;
  std::string reason;
  if (view_only) {
    recovered = view_only->db->GetLatestSequenceNumber();
  } else {
    reason = " (" + view_only.error().ToString() + ")";
  }
  if (view_only && recovered >= synced) return {};
  return refuse(OpenFailure::Kind::mail_missing,
                fmt::format("{}: acknowledged mail is missing: record {} was durable, {} can be "
                            "read back{}. Nothing was changed. Copy the directory, then run "
                            "`packetboat store repair`",
                            settings.data_dir, synced, recovered, reason));
}

std::expected<void, OpenFailure> RocksStore::Impl::open_writable() {
  if (auto ready = prepare_directory(); !ready) return ready;
  if (auto whole = check_mark(); !whole) return whole;
  auto opened = open_rocks(settings, files, store_path());
  if (!opened) {
    rocksdb::Status const& status = opened.error();
    auto const kind = status.IsCorruption() ? OpenFailure::Kind::corrupt
                      : status.IsNoSpace()  ? OpenFailure::Kind::no_space
                                            : OpenFailure::Kind::io;
    return refuse(kind, settings.data_dir + ": " + status.ToString());
  }
  handles = std::move(*opened);
  mark = std::make_unique<SyncedMark>(files, mark_path());
  if (auto const made = mark->open(); !made) {
    return refuse(made.error(), mark_path() + " cannot be opened");
  }
  if (settings.salvage) mark->advance(handles.db->GetLatestSequenceNumber());
  return {};
}

std::expected<void, OpenFailure> RocksStore::Impl::open_readable() {
  auto const format = read_format(*files, settings.data_dir);
  if (!format) return std::unexpected{format.error()};
  if (*format == 0) {
    return refuse(OpenFailure::Kind::missing, "there is no store in " + settings.data_dir);
  }
  auto opened = open_rocks_read_only(settings, files, store_path());
  if (!opened) {
    return refuse(OpenFailure::Kind::io, settings.data_dir + ": " + opened.error().ToString());
  }
  handles = std::move(*opened);
  return {};
}

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
RocksStore::~RocksStore() = default;

std::expected<std::unique_ptr<RocksStore>, OpenFailure> RocksStore::open(StoreSettings settings) {
  auto impl = std::make_unique<Impl>(std::move(settings));
  auto const ready = impl->settings.read_only ? impl->open_readable() : impl->open_writable();
  if (!ready) return std::unexpected{ready.error()};
  return std::unique_ptr<RocksStore>{new RocksStore{std::move(impl)}};
}

std::expected<void, StoreError> RocksStore::write(queue::Batch const& batch,
                                                  queue::Durability durability) {
  if (impl_->settings.read_only) return std::unexpected{StoreError::read_only};
  rocksdb::WriteBatch writes;
  for (std::size_t const place : in_key_order(batch)) {
    queue::Write const& write = batch[place];
    auto* const family = impl_->family(write.family);
    rocksdb::Status const added =
        write.value          ? writes.Put(family, slice(write.key), slice(*write.value))
        : write.written_once ? writes.SingleDelete(family, slice(write.key))
                             : writes.Delete(family, slice(write.key));
    PB_CHECK(added.ok());
  }
  rocksdb::WriteOptions options;
  options.sync = durability == queue::Durability::synced;
  std::scoped_lock const guard{impl_->write_order};
  if (impl_->failed) return std::unexpected{StoreError::failed};
  rocksdb::Status const status = impl_->handles.db->Write(options, &writes);
  if (!status.ok()) return impl_->fail(status);
  if (options.sync) impl_->mark->advance(impl_->handles.db->GetLatestSequenceNumber());
  return {};
}

std::expected<void, StoreError> RocksStore::sync() {
  if (impl_->settings.read_only) return std::unexpected{StoreError::read_only};
  std::scoped_lock const guard{impl_->write_order};
  if (impl_->failed) return std::unexpected{StoreError::failed};
  rocksdb::Status const status = impl_->handles.db->SyncWAL();
  if (!status.ok()) return impl_->fail(status);
  impl_->mark->advance(impl_->handles.db->GetLatestSequenceNumber());
  return {};
}

std::expected<std::optional<std::string>, StoreError> RocksStore::get(queue::Family family,
                                                                      std::string_view key) const {
  std::string value;
  auto const status = impl_->handles.db->Get({}, impl_->family(family), slice(key), &value);
  if (status.ok()) return value;
  if (status.IsNotFound()) return std::nullopt;
  return std::unexpected{store_error(status)};
}

std::expected<void, StoreError> RocksStore::scan(queue::Family family, std::string_view from,
                                                 std::string_view until, Take const& take) const {
  rocksdb::ReadOptions options;
  rocksdb::Slice const upper = slice(until);
  if (!until.empty()) options.iterate_upper_bound = &upper;
  std::unique_ptr<rocksdb::Iterator> const at{
      impl_->handles.db->NewIterator(options, impl_->family(family))};
  for (at->Seek(slice(from)); at->Valid(); at->Next()) {
    if (!take(view(at->key()), view(at->value()))) return {};
  }
  if (!at->status().ok()) return std::unexpected{store_error(at->status())};
  return {};
}

std::expected<std::optional<std::string>, StoreError> RocksStore::last_below(
    queue::Family family, std::string_view until) const {
  std::unique_ptr<rocksdb::Iterator> const at{
      impl_->handles.db->NewIterator({}, impl_->family(family))};
  at->SeekForPrev(slice(until));
  if (at->Valid() && view(at->key()) == until) at->Prev();
  if (at->Valid()) return std::string{view(at->key())};
  if (!at->status().ok()) return std::unexpected{store_error(at->status())};
  return std::nullopt;
}

std::expected<void, StoreError> RocksStore::erase_range(queue::Family family, std::string_view from,
                                                        std::string_view until) {
  if (impl_->settings.read_only) return std::unexpected{StoreError::read_only};
  std::scoped_lock const guard{impl_->write_order};
  if (impl_->failed) return std::unexpected{StoreError::failed};
  auto const status =
      impl_->handles.db->DeleteRange({}, impl_->family(family), slice(from), slice(until));
  if (!status.ok()) return impl_->fail(status);
  return {};
}

std::uint64_t RocksStore::octets_between(queue::Family family, std::string_view from,
                                         std::string_view until) const {
  rocksdb::Range const range{slice(from), slice(until)};
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  std::uint64_t octets = 0;
  impl_->handles.db->GetApproximateSizes(options, impl_->family(family), &range, 1, &octets)
      .PermitUncheckedError();
  return octets;
}

bool RocksStore::has_failed() const { return impl_->failed; }
bool RocksStore::read_only() const { return impl_->settings.read_only; }
BodyFiles& RocksStore::body_files() { return *impl_->bodies; }
std::string const& RocksStore::data_dir() const { return impl_->settings.data_dir; }

std::expected<void, std::string> RocksStore::verify() const {
  auto const status = impl_->handles.db->VerifyChecksum();
  if (!status.ok()) return std::unexpected{status.ToString()};
  return {};
}

std::expected<void, std::string> RocksStore::compact() {
  for (auto* const family : impl_->handles.families) {
    auto const status = impl_->handles.db->CompactRange({}, family, nullptr, nullptr);
    if (!status.ok()) return std::unexpected{status.ToString()};
  }
  return {};
}

std::expected<void, std::string> RocksStore::backup(std::string const& directory) {
  FileSystem& files = *impl_->files;
  if (files.FileExists(directory, no_options, nullptr).ok())
    return std::unexpected{directory + " is there already: name a directory that is not"};
  auto const made = files.CreateDir(directory, no_options, nullptr);
  if (!made.ok()) return std::unexpected{directory + ": " + made.ToString()};
  BodyFiles::Stay const stay{*impl_->bodies};
  rocksdb::Checkpoint* created = nullptr;
  auto const ready = rocksdb::Checkpoint::Create(impl_->handles.db.get(), &created);
  std::unique_ptr<rocksdb::Checkpoint> const checkpoint{created};
  if (!ready.ok()) return std::unexpected{ready.ToString()};
  auto const copied = checkpoint->CreateCheckpoint(directory + "/store");
  if (!copied.ok()) return std::unexpected{directory + ": " + copied.ToString()};
  BodyFiles target{impl_->files, directory + "/bodies"};
  bool good = target.make_directory().has_value();
  for (QueueId const id : impl_->bodies->list())
    good = good && copy_body(*impl_->bodies, target, id);
  std::string const marker = fmt::format("{}{}\n", format_prefix, store_format);
  good = good && replace_small_file(files, directory, "FORMAT", marker);
  if (!good) return std::unexpected{directory + " cannot be written to its end"};
  return {};
}
}  // namespace pb::runtime
