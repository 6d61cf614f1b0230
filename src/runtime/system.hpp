// system.hpp: the kernel's clock and random generator behind the interfaces of base/.
// Spec: ARCHITECTURE.md "Layers".                        Not here: simulated ones (sim/).
#pragma once

#include <array>
#include <cstddef>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace pb::runtime {
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
};

/// Unpredictable (OpenSSL's generator, seeded by the kernel), fetched in blocks. One a thread.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 32> block_{};
  std::size_t left_ = 0;
};
}  // namespace pb::runtime
