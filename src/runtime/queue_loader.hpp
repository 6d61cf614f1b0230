// queue_loader.hpp: reads the queue back from the store: at start, and message by message.
// Spec: queue/message_record.hpp (keys), ARCHITECTURE.md "Queue states" (restart).
// Not here: what follows (queue/accept.cpp).                         Tests: queue_runner_test.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "queue/event.hpp"
#include "runtime/rocks_store.hpp"

namespace pb::runtime {
struct LoadedMessage {
  std::shared_ptr<queue::QueuedMessage const> message;  // shared with its lease
  std::shared_ptr<std::string const> inline_bytes;      // shared with its readers
  bool captured = false;
};
/// nullopt: it is gone. An error: its records are damaged or cannot be read.
std::expected<std::optional<LoadedMessage>, queue::StoreError> load_message(RocksStore const& store,
                                                                            QueueId id);

/// Every message, oldest first, with its states. The error names what could not be read.
std::expected<std::size_t, std::string> load_queue(
    RocksStore const& store, std::function<void(queue::Recovered&&)> const& take);

/// Behind the last entry of the journal, with a gap: what a cursor has seen is never told again
/// otherwise.
std::expected<std::uint64_t, queue::StoreError> next_journal_sequence(RocksStore const& store);

/// The latest id that the journal knows; QueueId{} when it knows none. One look a segment.
std::expected<QueueId, queue::StoreError> latest_journalled_id(RocksStore const& store);
}  // namespace pb::runtime
