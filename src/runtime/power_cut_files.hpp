// power_cut_files.hpp: a disk in memory that loses power: what was not synced may be gone.
// Spec: ARCHITECTURE.md decision 4 (the seam).             Not here: anything for production.
//
// Each file is pages of 4 KiB. At the cut every unsynced page survives or not by itself, the last
// one that does may be torn, and the length is any between the durable and the written one. A name
// that was made, renamed or removed since its directory was synced is there or not by a coin.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"

namespace pb::runtime {
class PowerCutDisk {
 public:
  static constexpr std::size_t page = 4096;
  static constexpr std::size_t sector = 512;
  struct Inode {
    std::string live;
    std::string durable;
    std::set<std::size_t> dirty;  // pages
  };
  using Node = std::shared_ptr<Inode>;

  std::mutex lock;
  std::map<std::string, Node> names;          // as the process sees them
  std::map<std::string, Node> durable_names;  // as the disk has them
  std::set<std::string> directories;
  std::set<std::string> locks;
  std::size_t calls = 0;          // that change something
  std::size_t cut_after = ~0ULL;  // calls
  bool syncs_lie = false;         // the mutation: a sync does nothing
  bool off = false;

  /// Called under the lock by everything that changes the disk; false: the power is off.
  bool tick() {
    if (off || calls >= cut_after) {
      off = true;
      return false;
    }
    ++calls;
    return true;
  }
  static std::string parent(std::string const& path) { return path.substr(0, path.rfind('/')); }

  void write(Inode& node, std::size_t offset, std::string_view bytes) {
    if (node.live.size() < offset + bytes.size()) node.live.resize(offset + bytes.size());
    std::memcpy(node.live.data() + offset, bytes.data(), bytes.size());
    if (bytes.empty()) return;
    for (std::size_t p = offset / page; p <= (offset + bytes.size() - 1) / page; ++p) {
      node.dirty.insert(p);
    }
  }
  void sync(Inode& node) {
    if (syncs_lie) return;
    for (std::size_t const p : node.dirty) copy_page(node, node.durable, p, page);
    node.durable.resize(node.live.size());
    node.dirty.clear();
  }
  void sync_directory(std::string const& directory) {
    if (syncs_lie) return;
    std::erase_if(durable_names, [&](auto const& e) { return parent(e.first) == directory; });
    for (auto const& [path, node] : names) {
      if (parent(path) == directory) durable_names[path] = node;
    }
  }

  /// What is found when the power comes back.
  std::unique_ptr<PowerCutDisk> after_the_cut(Random& random) {
    std::scoped_lock const guard{lock};
    off = true;
    auto next = std::make_unique<PowerCutDisk>();
    next->directories = directories;
    std::set<std::string> all;
    for (auto const& entry : names) all.insert(entry.first);
    for (auto const& entry : durable_names) all.insert(entry.first);
    for (std::string const& path : all) {
      Node const now = find(names, path);
      Node const before = find(durable_names, path);
      Node const chosen = now == before || random.below(2) == 0 ? before : now;
      if (!chosen) continue;
      auto node = std::make_shared<Inode>();
      node->live = node->durable = survivor(*chosen, random);
      next->names[path] = next->durable_names[path] = node;
    }
    return next;
  }

 private:
  static Node find(std::map<std::string, Node> const& in, std::string const& path) {
    auto const at = in.find(path);
    return at == in.end() ? nullptr : at->second;
  }
  static void copy_page(Inode const& from, std::string& to, std::size_t p, std::size_t octets) {
    std::size_t const begin = p * page;
    if (begin >= from.live.size()) return;
    std::size_t const length = std::min(octets, from.live.size() - begin);
    if (to.size() < begin + length) to.resize(begin + length);
    std::memcpy(to.data() + begin, from.live.data() + begin, length);
  }
  static std::string survivor(Inode const& node, Random& random) {
    std::string out = node.durable;
    std::size_t last = ~0ULL;
    for (std::size_t const p : node.dirty) {
      if (random.below(2) == 0) continue;
      copy_page(node, out, p, page);
      last = p;
    }
    if (last != ~0ULL && random.below(2) == 0) {  // torn: the tail of its sectors is old
      std::size_t const kept = last * page + random.below(page / sector) * sector;
      std::size_t const end = std::min(out.size(), (last + 1) * page);
      for (std::size_t i = kept; i < end; ++i)
        out[i] = i < node.durable.size() ? node.durable[i] : 0;
    }
    if (node.live.size() > node.durable.size()) {  // the length is metadata of its own
      std::size_t const grown = node.live.size() - node.durable.size();
      out.resize(node.durable.size() + random.below(grown + 1));
    }
    return out;
  }
};

/// rocksdb::FileSystem over a PowerCutDisk; the disk outlives it.
class PowerCutFiles final : public rocksdb::FileSystem {
 public:
  using IOStatus = rocksdb::IOStatus;
  using Options = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  explicit PowerCutFiles(PowerCutDisk& disk) : disk_{disk} {}
  [[nodiscard]] char const* Name() const override { return "PowerCutFiles"; }

  IOStatus NewSequentialFile(std::string const& path, rocksdb::FileOptions const&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* out, Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    auto const node = find(path);
    if (!node) return IOStatus::PathNotFound(path);
    *out = std::make_unique<Sequential>(disk_, node);
    return IOStatus::OK();
  }
  IOStatus NewRandomAccessFile(std::string const& path, rocksdb::FileOptions const&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* out, Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    auto const node = find(path);
    if (!node) return IOStatus::PathNotFound(path);
    *out = std::make_unique<RandomAccess>(disk_, node);
    return IOStatus::OK();
  }
  IOStatus NewWritableFile(std::string const& path, rocksdb::FileOptions const&,
                           std::unique_ptr<rocksdb::FSWritableFile>* out, Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    if (!disk_.tick()) return dead();
    auto const node = disk_.names[path] = std::make_shared<PowerCutDisk::Inode>();
    *out = std::make_unique<Writable>(disk_, node);
    return IOStatus::OK();
  }
  IOStatus NewRandomRWFile(std::string const& path, rocksdb::FileOptions const&,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* out, Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    auto const node = find(path);
    if (!node) return IOStatus::PathNotFound(path);
    *out = std::make_unique<ReadWrite>(disk_, node);
    return IOStatus::OK();
  }
  IOStatus NewDirectory(std::string const& path, Options const&,
                        std::unique_ptr<rocksdb::FSDirectory>* out, Debug*) override {
    *out = std::make_unique<Directory>(disk_, trimmed(path));
    return IOStatus::OK();
  }
  IOStatus FileExists(std::string const& path, Options const&, Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    bool const there = find(path) || disk_.directories.contains(trimmed(path));
    return there ? IOStatus::OK() : IOStatus::NotFound(path);
  }
  IOStatus GetChildren(std::string const& path, Options const&, std::vector<std::string>* out,
                       Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    out->clear();
    for (auto const& [name, node] : disk_.names) {
      if (PowerCutDisk::parent(name) == trimmed(path)) {
        out->push_back(name.substr(name.rfind('/') + 1));
      }
    }
    return IOStatus::OK();
  }
  IOStatus DeleteFile(std::string const& path, Options const&, Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    if (!disk_.tick()) return dead();
    return disk_.names.erase(path) == 0 ? IOStatus::PathNotFound(path) : IOStatus::OK();
  }
  IOStatus CreateDir(std::string const& path, Options const& o, Debug* d) override {
    return CreateDirIfMissing(path, o, d);
  }
  IOStatus CreateDirIfMissing(std::string const& path, Options const&, Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    if (!disk_.tick()) return dead();
    disk_.directories.insert(trimmed(path));
    return IOStatus::OK();
  }
  IOStatus DeleteDir(std::string const& path, Options const&, Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    disk_.directories.erase(trimmed(path));
    return IOStatus::OK();
  }
  IOStatus GetFileSize(std::string const& path, Options const&, std::uint64_t* out,
                       Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    auto const node = find(path);
    if (!node) return IOStatus::PathNotFound(path);
    *out = node->live.size();
    return IOStatus::OK();
  }
  IOStatus GetFileModificationTime(std::string const&, Options const&, std::uint64_t* out,
                                   Debug*) override {
    *out = 0;
    return IOStatus::OK();
  }
  IOStatus RenameFile(std::string const& from, std::string const& to, Options const&,
                      Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    if (!disk_.tick()) return dead();
    auto moved = disk_.names.extract(from);
    if (moved.empty()) return IOStatus::PathNotFound(from);
    disk_.names[to] = moved.mapped();
    return IOStatus::OK();
  }
  IOStatus LockFile(std::string const& path, Options const&, rocksdb::FileLock** out,
                    Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    if (!disk_.locks.insert(path).second) return IOStatus::IOError("locked");
    *out = new Lock{path};
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, Options const&, Debug*) override {
    std::unique_ptr<Lock> const mine{static_cast<Lock*>(lock)};
    std::scoped_lock const guard{disk_.lock};
    disk_.locks.erase(mine->path);
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(Options const&, std::string* out, Debug*) override {
    *out = "/test";
    return IOStatus::OK();
  }
  IOStatus NewLogger(std::string const&, Options const&, std::shared_ptr<rocksdb::Logger>* out,
                     Debug*) override {
    *out = std::make_shared<Silent>();
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(std::string const& path, Options const&, std::string* out,
                           Debug*) override {
    *out = path;
    return IOStatus::OK();
  }
  IOStatus IsDirectory(std::string const& path, Options const&, bool* out, Debug*) override {
    std::scoped_lock const guard{disk_.lock};
    *out = disk_.directories.contains(trimmed(path));
    return IOStatus::OK();
  }

 private:
  using Node = PowerCutDisk::Node;
  struct Silent final : rocksdb::Logger {
    using rocksdb::Logger::Logv;
    void Logv(char const*, va_list) override {}
    [[nodiscard]] std::size_t GetLogFileSize() const override { return 0; }
  };
  struct Lock final : rocksdb::FileLock {
    explicit Lock(std::string p) : path{std::move(p)} {}
    std::string path;
  };
  static IOStatus dead() { return IOStatus::IOError("the power is off"); }
  static std::string trimmed(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
  }
  Node find(std::string const& path) const {
    auto const at = disk_.names.find(path);
    return at == disk_.names.end() ? nullptr : at->second;
  }
  static std::size_t copy_out(PowerCutDisk::Inode const& node, std::uint64_t offset, std::size_t n,
                              rocksdb::Slice* out, char* scratch) {
    std::size_t const size = node.live.size();
    std::size_t const length = offset >= size ? 0 : std::min<std::size_t>(n, size - offset);
    if (length != 0) std::memcpy(scratch, node.live.data() + offset, length);
    *out = rocksdb::Slice{scratch, length};
    return length;
  }

  struct Sequential final : rocksdb::FSSequentialFile {
    Sequential(PowerCutDisk& d, Node n) : disk{d}, node{std::move(n)} {}
    IOStatus Read(std::size_t n, Options const&, rocksdb::Slice* out, char* scratch,
                  Debug*) override {
      std::scoped_lock const guard{disk.lock};
      at += copy_out(*node, at, n, out, scratch);
      return IOStatus::OK();
    }
    IOStatus Skip(std::uint64_t n) override {
      at += n;
      return IOStatus::OK();
    }
    PowerCutDisk& disk;
    Node node;
    std::uint64_t at = 0;
  };
  struct RandomAccess final : rocksdb::FSRandomAccessFile {
    RandomAccess(PowerCutDisk& d, Node n) : disk{d}, node{std::move(n)} {}
    IOStatus Read(std::uint64_t offset, std::size_t n, Options const&, rocksdb::Slice* out,
                  char* scratch, Debug*) const override {
      std::scoped_lock const guard{disk.lock};
      copy_out(*node, offset, n, out, scratch);
      return IOStatus::OK();
    }
    PowerCutDisk& disk;
    Node node;
  };
  struct Writable final : rocksdb::FSWritableFile {
    Writable(PowerCutDisk& d, Node n) : disk{d}, node{std::move(n)} {}
    using rocksdb::FSWritableFile::Append;
    IOStatus Append(rocksdb::Slice const& bytes, Options const&, Debug*) override {
      std::scoped_lock const guard{disk.lock};
      if (!disk.tick()) return dead();
      disk.write(*node, node->live.size(), {bytes.data(), bytes.size()});
      return IOStatus::OK();
    }
    IOStatus Flush(Options const&, Debug*) override { return IOStatus::OK(); }
    IOStatus Close(Options const&, Debug*) override { return IOStatus::OK(); }
    IOStatus Sync(Options const&, Debug*) override {
      std::scoped_lock const guard{disk.lock};
      if (!disk.tick()) return dead();
      disk.sync(*node);
      return IOStatus::OK();
    }
    [[nodiscard]] bool IsSyncThreadSafe() const override { return true; }
    std::uint64_t GetFileSize(Options const&, Debug*) override {
      std::scoped_lock const guard{disk.lock};
      return node->live.size();
    }
    PowerCutDisk& disk;
    Node node;
  };
  struct ReadWrite final : rocksdb::FSRandomRWFile {
    ReadWrite(PowerCutDisk& d, Node n) : disk{d}, node{std::move(n)} {}
    IOStatus Write(std::uint64_t offset, rocksdb::Slice const& bytes, Options const&,
                   Debug*) override {
      std::scoped_lock const guard{disk.lock};
      if (!disk.tick()) return dead();
      disk.write(*node, offset, {bytes.data(), bytes.size()});
      return IOStatus::OK();
    }
    IOStatus Read(std::uint64_t offset, std::size_t n, Options const&, rocksdb::Slice* out,
                  char* scratch, Debug*) const override {
      std::scoped_lock const guard{disk.lock};
      copy_out(*node, offset, n, out, scratch);
      return IOStatus::OK();
    }
    IOStatus Flush(Options const&, Debug*) override { return IOStatus::OK(); }
    IOStatus Sync(Options const&, Debug*) override { return IOStatus::OK(); }
    IOStatus Close(Options const&, Debug*) override { return IOStatus::OK(); }
    PowerCutDisk& disk;
    Node node;
  };
  struct Directory final : rocksdb::FSDirectory {
    Directory(PowerCutDisk& d, std::string p) : disk{d}, path{std::move(p)} {}
    IOStatus Fsync(Options const&, Debug*) override {
      std::scoped_lock const guard{disk.lock};
      if (!disk.tick()) return dead();
      disk.sync_directory(path);
      return IOStatus::OK();
    }
    PowerCutDisk& disk;
    std::string path;
  };

  PowerCutDisk& disk_;
};
}  // namespace pb::runtime
