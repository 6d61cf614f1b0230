// random.hpp: randomness as an argument, so that a seed replays a run.
// Spec: ARCHITECTURE.md "Layers".             Not here: the kernel's generator (runtime/), seeds
// (sim/).
#pragma once

#include <cstdint>
#include <string>

namespace pb {
class Random {
 public:
  virtual ~Random() = default;
  /// 64 uniform bits. The runtime's are unpredictable (CSPRNG); the simulator's come from a seed.
  virtual std::uint64_t next() = 0;
  /// `octets` random bytes.
  std::string bytes(std::size_t octets) {
    std::string out;
    out.reserve(octets + 8);
    while (out.size() < octets) {
      std::uint64_t word = next();
      for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(word >> (8 * i)));
    }
    out.resize(octets);
    return out;
  }
  /// Uniform in [0, bound); 0 when bound is 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
};
}  // namespace pb
