// store.hpp: what the queue asks a store to do, as plain values; the durability promise.
// Spec: ARCHITECTURE.md decision 4.     Not here: who does it (runtime/rocks_store, sim/store).
//
// A Batch is applied as a whole or not at all, in order. Durability::synced: the batch and every
// batch before it survive a power cut when the store answers. Durability::soon: written at once, so
// that it survives the end of the process; durable with the next synced batch or within 100 ms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pb::queue {
/// Column families. The names on disk are in runtime/rocks_store.cpp.
enum class Family : std::uint8_t { envelopes, bodies, journal, accounts };

/// Puts a value, or deletes the key (value absent).
struct Write {
  Family family = Family::envelopes;
  std::string key;
  std::optional<std::string> value;
  /// The key was put at most once in its life: its deletion may vanish together with it.
  bool written_once = false;
};
using Batch = std::vector<Write>;

enum class Durability : std::uint8_t { synced, soon };
/// failed: no later write may be tried in this process (a failed sync says nothing of what stayed).
enum class StoreError : std::uint8_t { no_space, failed, read_only, corrupt };
}  // namespace pb::queue
