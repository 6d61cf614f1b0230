// locked_random.hpp: unpredictable numbers for several threads.
// Spec: base/random.hpp.                       Not here: the generator itself (runtime/system.hpp).
#pragma once

#include <mutex>

#include "runtime/system.hpp"

namespace pb::app {
class LockedRandom final : public Random {
 public:
  std::uint64_t next() override {
    std::lock_guard const lock{mutex_};
    return random_.next();
  }

 private:
  std::mutex mutex_;
  runtime::SystemRandom random_;
};
}  // namespace pb::app
