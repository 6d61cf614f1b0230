// message_bytes.hpp: a resting message as it is sent: trace, header section, empty line, body.
// Spec: ARCHITECTURE.md "StoredMessage".             Tests: queue_runner_test.cpp
// Not here: dot stuffing, conversion (smtp/client, delivery).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "queue/lease.hpp"
#include "runtime/files.hpp"

namespace pb::runtime {
/// One reader at a time. Small bodies are in memory; a large one is read from its file, which
/// blocks for as long as a page cache hit or one disk read takes.
class MessageBytes {
 public:
  MessageBytes(std::shared_ptr<queue::QueuedMessage const> message,
               std::shared_ptr<std::string const> inline_bytes, BodyFiles& files);
  [[nodiscard]] std::uint64_t octets() const;
  /// True: read() never blocks.
  [[nodiscard]] bool in_memory() const;
  /// At most `octets_max` from `offset` on; fewer where a part ends; "" at the end. The view is
  /// good until the next read().
  std::expected<std::string_view, queue::StoreError> read(std::uint64_t offset,
                                                          std::size_t octets_max);
  /// Everything, when it is not longer than `octets_max`; else an error.
  std::expected<std::string, queue::StoreError> read_all(std::uint64_t octets_max);

 private:
  std::shared_ptr<queue::QueuedMessage const> message_;  // shared with the lease
  std::shared_ptr<std::string const> inline_;            // shared with the hot cache
  BodyFiles& files_;
  std::string chunk_;
};
}  // namespace pb::runtime
