// files.cpp: see files.hpp.                      Spec: ARCHITECTURE.md decision 4 (one seam).
#include "runtime/files.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace pb::runtime {
namespace {
using queue::StoreError;
rocksdb::IOOptions const no_options;

rocksdb::FileOptions plain_file() {
  rocksdb::FileOptions options;
  options.use_mmap_writes = false;
  options.allow_fallocate = false;  // a body's size is not known; an empty tail helps nobody
  options.writable_file_max_buffer_size = 0;
  return options;
}

std::unexpected<StoreError> refuse(rocksdb::Status const& status) {
  return std::unexpected{store_error(status)};
}

rocksdb::IOStatus sync_directory(FileSystem& files, std::string const& path) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  rocksdb::IOStatus status = files.NewDirectory(path, no_options, &directory, nullptr);
  if (status.ok()) status = directory->Fsync(no_options, nullptr);
  return status;
}

rocksdb::IOStatus write_synced(FileSystem& files, std::string const& path, std::string_view bytes) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::IOStatus status = files.NewWritableFile(path, plain_file(), &file, nullptr);
  if (status.ok()) status = file->Append({bytes.data(), bytes.size()}, no_options, nullptr);
  if (status.ok()) status = file->Flush(no_options, nullptr);
  if (status.ok()) status = file->Fsync(no_options, nullptr);
  if (status.ok()) status = file->Close(no_options, nullptr);
  return status;
}
}  // namespace

namespace {
/// RocksDB makes a manifest and then renames CURRENT to name it, with one directory sync behind
/// both: a power cut may keep the second name and lose the first (found by power_cut_test, seed
/// 1533; file systems that order their metadata hide it). So the first is synced before.
class NamesInOrder final : public rocksdb::FileSystemWrapper {
 public:
  using rocksdb::FileSystemWrapper::FileSystemWrapper;
  [[nodiscard]] char const* Name() const override { return "PacketboatNamesInOrder"; }
  rocksdb::IOStatus RenameFile(std::string const& from, std::string const& to,
                               rocksdb::IOOptions const& options,
                               rocksdb::IODebugContext* debug) override {
    if (to.ends_with("/CURRENT")) {
      auto const synced = sync_directory(*target(), to.substr(0, to.rfind('/')));
      if (!synced.ok()) return synced;
    }
    return FileSystemWrapper::RenameFile(from, to, options, debug);
  }
};
}  // namespace

std::shared_ptr<FileSystem> real_files() { return FileSystem::Default(); }

std::shared_ptr<FileSystem> names_in_order(std::shared_ptr<FileSystem> below) {
  return std::make_shared<NamesInOrder>(std::move(below));
}

StoreError store_error(rocksdb::Status const& status) {
  if (status.IsNoSpace()) return StoreError::no_space;
  if (status.IsCorruption()) return StoreError::corrupt;
  if (status.IsNotSupported()) return StoreError::read_only;
  return StoreError::failed;
}

std::expected<std::string, StoreError> read_small_file(FileSystem& files, std::string const& path,
                                                       std::size_t octets_max) {
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  auto status = files.NewSequentialFile(path, plain_file(), &file, nullptr);
  if (!status.ok()) return refuse(status);
  std::string bytes;
  std::string scratch(octets_max + 1, '\0');
  for (;;) {
    rocksdb::Slice part;
    status = file->Read(scratch.size(), no_options, &part, scratch.data(), nullptr);
    if (!status.ok()) return refuse(status);
    if (part.empty()) return bytes;
    bytes.append(part.data(), part.size());
    if (bytes.size() > octets_max) return std::unexpected{StoreError::corrupt};
  }
}

std::expected<void, StoreError> replace_small_file(FileSystem& files, std::string const& directory,
                                                   std::string const& name,
                                                   std::string_view bytes) {
  std::string const target = directory + '/' + name;
  std::string const beside = target + ".new";
  rocksdb::IOStatus status = write_synced(files, beside, bytes);
  if (status.ok()) status = files.RenameFile(beside, target, no_options, nullptr);
  if (status.ok()) status = sync_directory(files, directory);
  if (!status.ok()) return refuse(status);
  return {};
}

// Body files ------------------------------------------------------------------------------------

BodyFiles::BodyFiles(std::shared_ptr<FileSystem> files, std::string directory)
    : files_{std::move(files)}, directory_{std::move(directory)} {}

std::string BodyFiles::path(QueueId id) const { return directory_ + '/' + id.text(); }

std::expected<void, StoreError> BodyFiles::make_directory() {
  auto const status = files_->CreateDirIfMissing(directory_, no_options, nullptr);
  if (!status.ok()) return refuse(status);
  return {};
}

std::expected<std::unique_ptr<BodyFiles::Writer>, StoreError> BodyFiles::create(QueueId id) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto const status = files_->NewWritableFile(path(id), plain_file(), &file, nullptr);
  if (!status.ok()) return refuse(status);
  return std::make_unique<Writer>(*this, id, std::move(file));
}

BodyFiles::Writer::Writer(BodyFiles& owner, QueueId id,
                          std::unique_ptr<rocksdb::FSWritableFile> file)
    : owner_{owner}, id_{id}, file_{std::move(file)} {}

BodyFiles::Writer::~Writer() {
  if (file_) file_->Close(no_options, nullptr).PermitUncheckedError();
  if (!kept_) owner_.remove(id_);
}

std::expected<void, StoreError> BodyFiles::Writer::append(std::string_view bytes) {
  PB_CHECK(file_ != nullptr);
  auto const status = file_->Append({bytes.data(), bytes.size()}, no_options, nullptr);
  if (!status.ok()) return refuse(status);
  return {};
}

std::expected<void, StoreError> BodyFiles::Writer::finish() {
  PB_CHECK(file_ != nullptr);
  rocksdb::IOStatus status = file_->Flush(no_options, nullptr);
  if (status.ok()) status = file_->Sync(no_options, nullptr);  // fdatasync
  if (status.ok()) status = file_->Close(no_options, nullptr);
  file_.reset();
  if (status.ok()) status = sync_directory(*owner_.files_, owner_.directory_);
  if (!status.ok()) return refuse(status);
  return {};
}

std::expected<std::string, StoreError> BodyFiles::read(QueueId id, std::uint64_t offset,
                                                       std::size_t octets_max) {
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  auto status = files_->NewRandomAccessFile(path(id), plain_file(), &file, nullptr);
  if (!status.ok()) return refuse(status);
  std::string bytes(octets_max, '\0');
  rocksdb::Slice part;
  status = file->Read(offset, octets_max, no_options, &part, bytes.data(), nullptr);
  if (!status.ok()) return refuse(status);
  if (part.data() != bytes.data()) return std::string{part.data(), part.size()};
  bytes.resize(part.size());
  return bytes;
}

std::expected<std::uint64_t, StoreError> BodyFiles::octets(QueueId id) {
  std::uint64_t octets = 0;
  auto const status = files_->GetFileSize(path(id), no_options, &octets, nullptr);
  if (!status.ok()) return refuse(status);
  return octets;
}

void BodyFiles::remove(QueueId id) {
  {
    std::scoped_lock const guard{mutex_};
    if (stays_ > 0) return to_remove_.push_back(id);
  }
  files_->DeleteFile(path(id), no_options, nullptr).PermitUncheckedError();
}

BodyFiles::Stay::Stay(BodyFiles& owner) : owner_{owner} {
  std::scoped_lock const guard{owner_.mutex_};
  ++owner_.stays_;
}

BodyFiles::Stay::~Stay() {
  std::vector<QueueId> waiting;
  {
    std::scoped_lock const guard{owner_.mutex_};
    if (--owner_.stays_ == 0) waiting.swap(owner_.to_remove_);
  }
  for (QueueId const id : waiting) owner_.remove(id);
}

std::vector<QueueId> BodyFiles::list() {
  std::vector<std::string> names;
  files_->GetChildren(directory_, no_options, &names, nullptr).PermitUncheckedError();
  std::vector<QueueId> ids;
  for (std::string const& name : names) {
    if (auto const id = QueueId::parse(name)) ids.push_back(*id);
  }
  return ids;
}

std::size_t BodyFiles::sweep(std::function<bool(QueueId)> const& is_named) {
  std::size_t removed = 0;
  for (QueueId const id : list()) {
    if (is_named(id)) continue;
    remove(id);
    ++removed;
  }
  return removed;
}

// The synced mark -------------------------------------------------------------------------------
namespace {
constexpr std::size_t slot_distance = 4096;  // two sectors that no torn write hits together
constexpr std::size_t slot_octets = 32;
constexpr std::uint64_t slot_magic = 0x70622d6d61726b31;  // "pb-mark1"

/// FNV-1a: it only has to notice a torn or zeroed slot.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char const c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

struct Slot {
  std::uint64_t generation = 0;
  std::uint64_t sequence = 0;
};

std::string encode(Slot slot) {
  ByteWriter out;
  out.be64(slot_magic);
  out.be64(slot.generation);
  out.be64(slot.sequence);
  out.be64(checksum(out.bytes()));
  return out.take();
}

/// Generation 0 when the slot is not whole.
Slot decode(std::string_view bytes) {
  if (bytes.size() < slot_octets) return {};
  ByteReader in{bytes};
  bool const known = in.be64() == slot_magic;
  Slot const slot{in.be64(), in.be64()};
  bool const whole = in.be64() == checksum(bytes.substr(0, slot_octets - 8));
  return known && whole ? slot : Slot{};
}

Slot newest_slot(FileSystem& files, std::string const& path) {
  auto const bytes = read_small_file(files, path, 2 * slot_distance);
  if (!bytes) return {};
  std::string_view const all{*bytes};
  Slot const first = decode(all.substr(0, slot_octets));
  Slot const second =
      all.size() > slot_distance ? decode(all.substr(slot_distance, slot_octets)) : Slot{};
  return first.generation > second.generation ? first : second;
}
}  // namespace

std::uint64_t SyncedMark::read(FileSystem& files, std::string const& path) {
  return newest_slot(files, path).sequence;
}

SyncedMark::SyncedMark(std::shared_ptr<FileSystem> files, std::string path)
    : files_{std::move(files)}, path_{std::move(path)} {}

SyncedMark::~SyncedMark() {
  if (file_) file_->Close(no_options, nullptr).PermitUncheckedError();
}

std::expected<void, StoreError> SyncedMark::open() {
  if (!files_->FileExists(path_, no_options, nullptr).ok()) {
    std::unique_ptr<rocksdb::FSWritableFile> made;
    auto const status = files_->NewWritableFile(path_, plain_file(), &made, nullptr);
    if (!status.ok()) return refuse(status);
    made->Close(no_options, nullptr).PermitUncheckedError();
  }
  generation_ = newest_slot(*files_, path_).generation;
  auto const status = files_->NewRandomRWFile(path_, plain_file(), &file_, nullptr);
  if (!status.ok()) return refuse(status);
  return {};
}

void SyncedMark::advance(std::uint64_t sequence) {
  if (!file_) return;
  ++generation_;
  std::string const slot = encode({generation_, sequence});
  file_->Write((generation_ % 2) * slot_distance, slot, no_options, nullptr).PermitUncheckedError();
}
}  // namespace pb::runtime
