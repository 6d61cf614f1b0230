// spare_descriptors.cpp: see spare_descriptors.hpp.            Spec: getrlimit(2) RLIMIT_NOFILE.
#include "runtime/spare_descriptors.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

namespace pb::runtime {
namespace {
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

/// Copies of one descriptor that means nothing. Any thread.
class Spares {
 public:
  explicit Spares(std::size_t count) : count_{count}, source_{::eventfd(0, EFD_CLOEXEC)} {
    while (held_.size() < count_ && hold_one()) {
    }
  }
  ~Spares() {
    for (int const one : held_) ::close(one);
    if (source_ >= 0) ::close(source_);
  }
  Spares(Spares const&) = delete;
  Spares& operator=(Spares const&) = delete;

  /// One more, if fewer are held than wanted and the process has one.
  void refill() {
    std::scoped_lock const guard{mutex_};
    if (held_.size() < count_) std::ignore = hold_one();
  }
  /// Whether the process has none left and one of ours was given back to it.
  bool give_one() {
    std::scoped_lock const guard{mutex_};
    if (held_.empty() || !process_has_none()) return false;
    ::close(held_.back());
    held_.pop_back();
    return true;
  }

 private:
  bool hold_one() {
    int const copy = ::fcntl(source_, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) held_.push_back(copy);
    return copy >= 0;
  }
  [[nodiscard]] bool process_has_none() const {
    int const copy = ::fcntl(source_, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) ::close(copy);
    return copy < 0 && errno == EMFILE;
  }

  std::mutex mutex_;
  std::size_t count_;
  int source_;
  std::vector<int> held_;
};

class WithSpares final : public rocksdb::FileSystemWrapper {
 public:
  WithSpares(std::shared_ptr<FileSystem> below, std::size_t count)
      : FileSystemWrapper{std::move(below)}, spares_{count} {}
  [[nodiscard]] char const* Name() const override { return "PacketboatSpareDescriptors"; }

  IOStatus NewSequentialFile(std::string const& name, FileOptions const& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             IODebugContext* debug) override {
    return opened([&] { return target()->NewSequentialFile(name, options, file, debug); });
  }
  IOStatus NewRandomAccessFile(std::string const& name, FileOptions const& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                               IODebugContext* debug) override {
    return opened([&] { return target()->NewRandomAccessFile(name, options, file, debug); });
  }
  IOStatus NewWritableFile(std::string const& name, FileOptions const& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    return opened([&] { return target()->NewWritableFile(name, options, file, debug); });
  }
  IOStatus ReopenWritableFile(std::string const& name, FileOptions const& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                              IODebugContext* debug) override {
    return opened([&] { return target()->ReopenWritableFile(name, options, file, debug); });
  }
  IOStatus NewRandomRWFile(std::string const& name, FileOptions const& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                           IODebugContext* debug) override {
    return opened([&] { return target()->NewRandomRWFile(name, options, file, debug); });
  }
  IOStatus NewDirectory(std::string const& name, IOOptions const& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                        IODebugContext* debug) override {
    return opened([&] { return target()->NewDirectory(name, options, directory, debug); });
  }
  IOStatus GetChildren(std::string const& directory, IOOptions const& options,
                       std::vector<std::string>* names, IODebugContext* debug) override {
    return opened([&] { return target()->GetChildren(directory, options, names, debug); });
  }

 private:
  /// Others may take what was given back before we do: then another one is given.
  template <typename Open>
  IOStatus opened(Open const& open) {
    IOStatus status = open();
    while (!status.ok() && spares_.give_one()) status = open();
    if (status.ok()) spares_.refill();
    return status;
  }

  Spares spares_;
};
}  // namespace

std::shared_ptr<FileSystem> with_spare_descriptors(std::shared_ptr<FileSystem> below,
                                                   std::size_t count) {
  return std::make_shared<WithSpares>(std::move(below), count);
}
}  // namespace pb::runtime
