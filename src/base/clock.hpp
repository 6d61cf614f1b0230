// clock.hpp: time as a value. Layers 0-2 are given an Instant and never ask for one.
// Spec: ARCHITECTURE.md "Layers".                        Not here: reading the clock (runtime/,
// sim/).
#pragma once

#include <chrono>

namespace pb {
using Duration = std::chrono::milliseconds;
/// Milliseconds since 1970-01-01T00:00:00Z.
using Instant = std::chrono::sys_time<Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
};
}  // namespace pb
