// argon2_pool.hpp: two threads that hash passwords, with a line of 64 before them.
// Spec: docs/threat-model.md: one check takes 20 ms and 19 MiB, so never on a core's loop,
// and bounded.
// Tests: argon2_pool_test.cpp          Not here: what is hashed (accounts/password), disk work.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace pb::runtime {
struct Argon2PoolOptions {
  std::size_t threads = 2;
  std::size_t waiting_max = 64;  // beyond it a login is answered 454 4.7.0
};

class Argon2Pool {
 public:
  explicit Argon2Pool(Argon2PoolOptions options = {});
  /// Finishes what runs; what still waits is dropped. The loops of waiting callers have ended.
  ~Argon2Pool();
  Argon2Pool(Argon2Pool const&) = delete;
  Argon2Pool& operator=(Argon2Pool const&) = delete;

  /// Any thread. Runs `work` on a pool thread and resumes on the caller's executor with what it
  /// gave. nullopt: the line is full, `work` was not taken. `work` must not throw.
  boost::asio::awaitable<std::optional<bool>> run(std::function<bool()> work);
  /// Waiting and running: for metrics.
  [[nodiscard]] std::size_t load() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::runtime
