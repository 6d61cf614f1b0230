// system.cpp: reads the real clock and the real random generator.
// Spec: ARCHITECTURE.md "Layers".                                Not here: anything deterministic.
#include "runtime/system.hpp"

#include <openssl/rand.h>

#include "base/check.hpp"

namespace pb::runtime {
Instant SystemClock::now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

std::uint64_t SystemRandom::next() {
  if (left_ == 0) {
    // Without randomness nonces and ids would repeat: better no server than that one.
    PB_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(block_.data()), sizeof block_) == 1);
    left_ = block_.size();
  }
  // What was given out is not kept, so that a later look into memory does not find it.
  std::uint64_t value = block_[--left_];
  block_[left_] = 0;
  return value;
}
}  // namespace pb::runtime
