// mark.hpp: PB_MARK(name) counts how often a path was taken, so that the simulator can name a path
// that no seed has reached. One relaxed load and store: counts may miss a hit between threads.
// Spec: sim/README.md.                                  Not here: who prints them (sim/main.cpp).
#pragma once

#include <atomic>
#include <cstdint>

namespace pb {
struct Mark {
  char const* name;
  std::atomic<std::uint64_t> hits;
  void hit() { hits.store(hits.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
};
}  // namespace pb

/// All marks of a program lie side by side, also those that are never reached: the linker knows
/// where the section begins and ends (__start_pb_marks, __stop_pb_marks). Not in inline functions.
#define PB_MARK(path)                                                                     \
  do {                                                                                    \
    static constinit ::pb::Mark mark [[gnu::section("pb_marks"), gnu::used]]{#path, {0}}; \
    mark.hit();                                                                           \
  } while (false)
