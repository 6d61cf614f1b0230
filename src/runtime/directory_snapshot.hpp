// directory_snapshot.hpp: the accounts and domains of this moment, swapped whole.
// Spec: ARCHITECTURE.md "Judge";
// docs/reference/configuration.md (reload swaps one immutable value).
// Not here: making a directory from records (accounts/directory), the store.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "accounts/directory.hpp"

namespace pb::runtime {
/// Any thread. Shared by all cores and the admin socket: a reader keeps the value that it got.
class DirectorySnapshot {
 public:
  explicit DirectorySnapshot(std::shared_ptr<accounts::Directory const> directory)
      : directory_{std::move(directory)} {}
  [[nodiscard]] std::shared_ptr<accounts::Directory const> get() const {
    std::scoped_lock const lock{mutex_};
    return directory_;
  }
  void set(std::shared_ptr<accounts::Directory const> directory) {
    // The old one is destroyed by whoever lets it go last, outside of the lock.
    std::scoped_lock const lock{mutex_};
    directory_.swap(directory);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<accounts::Directory const> directory_;
};
}  // namespace pb::runtime
