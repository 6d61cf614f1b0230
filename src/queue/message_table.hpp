// message_table.hpp: what the queue keeps in memory of each message: about 150 octets, no text.
// Spec: docs/queue-states.md (one million deferred messages).   Tests: queue_test.cpp
// Not here: envelopes and bodies (the store), states' meaning (queue.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "queue/message_state.hpp"

namespace pb::queue {
/// What an operator wants of a recipient that is lent out: done when it is settled.
enum class Wish : std::uint8_t { none, hold, bounce, remove };

struct Recipient {
  std::uint64_t address_hash = 0;  // seeded: who knows an address cannot make another collide
  Instant retry_at{};
  std::uint32_t domain = 0;  // ReadyLines::DomainIndex
  std::uint16_t attempts = 0;
  Phase phase = Phase::due;
  Reason reason = Reason::none;
  Wish wish = Wish::none;
  bool report_due : 1 = false;
  bool warned : 1 = false;
  bool has_record : 1 = false;  // in family envelopes
};

struct Message {
  QueueId id;
  Instant expires_at{};
  std::unique_ptr<Recipient[]> others;  // all of them, when there is more than one
  Recipient first;                      // when there is only one
  std::uint32_t count = 0;              // 0: the slot is free
  std::uint32_t account = 0;
  std::uint8_t crashes = 0;
  std::int8_t priority = 0;  // MT-PRIORITY (RFC 6710), -9..9
  bool body_in_file : 1 = false;
  bool captured : 1 = false;
  bool has_note : 1 = false;
  bool ready : 1 = false;  // stands in a ready line
  bool leased : 1 = false;
  [[nodiscard]] std::span<Recipient> recipients() {
    return count == 1 ? std::span{&first, 1} : std::span{others.get(), count};
  }
  [[nodiscard]] std::span<Recipient const> recipients() const {
    return count == 1 ? std::span{&first, 1} : std::span{others.get(), count};
  }
};

class MessageTable {
 public:
  using Slot = std::uint32_t;
  /// PB_CHECKs that the id is new. Slots stay where they are until removed.
  Slot add(QueueId id, std::size_t recipients);
  void remove(Slot slot);
  [[nodiscard]] std::optional<Slot> find(QueueId id) const;
  [[nodiscard]] Message& at(Slot slot) { return messages_[slot]; }
  [[nodiscard]] Message const& at(Slot slot) const { return messages_[slot]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Slots are below this; one with count 0 is free.
  [[nodiscard]] Slot slots() const { return static_cast<Slot>(messages_.size()); }

 private:
  // Many small maps: none is ever rehashed for longer than a millisecond.
  static constexpr std::size_t shards = 256;
  using Shard = std::unordered_map<std::uint64_t, Slot>;
  static std::size_t shard_of(QueueId id) { return id.value() % shards; }
  std::deque<Message> messages_;  // grows without moving what is there
  std::vector<Slot> free_;
  std::array<Shard, shards> by_id_;
  std::size_t size_ = 0;
};
}  // namespace pb::queue
