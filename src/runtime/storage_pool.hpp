// storage_pool.hpp: a few threads for what blocks on the disk, with a bounded line before them.
// Spec: ARCHITECTURE.md decision 4 (cold reads and file I/O).      Tests: queue_intake_test.cpp
// Not here: commits (queue_runner), password hashing (its own pool).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>

namespace pb::runtime {
class StoragePool {
 public:
  explicit StoragePool(std::size_t threads = 2, std::size_t waiting_max = 1024);
  /// Finishes what was taken, then ends the threads.
  ~StoragePool();
  StoragePool(StoragePool const&) = delete;
  StoragePool& operator=(StoragePool const&) = delete;

  /// False: the line is full, and `work` was not taken. `work` must not throw.
  bool post(std::function<void()> work);
  /// Runs `work` on a pool thread; resumes on the caller's executor. False: the line was full.
  boost::asio::awaitable<bool> run(std::function<void()> work);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::runtime
