// message_table.cpp: see message_table.hpp.                       Spec: none beyond the header's.
#include "queue/message_table.hpp"

#include "base/check.hpp"

namespace pb::queue {
MessageTable::Slot MessageTable::add(QueueId id, std::size_t recipients) {
  PB_CHECK(recipients > 0);
  if (free_.empty()) {
    free_.push_back(static_cast<Slot>(messages_.size()));
    messages_.emplace_back();
  }
  Slot const slot = free_.back();
  free_.pop_back();
  bool const added = by_id_[shard_of(id)].emplace(id.value(), slot).second;
  PB_CHECK(added);
  Message& message = messages_[slot];
  message = Message{};
  message.id = id;
  message.count = static_cast<std::uint32_t>(recipients);
  if (recipients > 1) message.others = std::make_unique<Recipient[]>(recipients);
  ++size_;
  return slot;
}

void MessageTable::remove(Slot slot) {
  Message& message = messages_[slot];
  PB_CHECK(message.count > 0);
  by_id_[shard_of(message.id)].erase(message.id.value());
  message = Message{};
  free_.push_back(slot);
  --size_;
}

std::optional<MessageTable::Slot> MessageTable::find(QueueId id) const {
  Shard const& shard = by_id_[shard_of(id)];
  auto const at = shard.find(id.value());
  if (at == shard.end()) return std::nullopt;
  return at->second;
}
}  // namespace pb::queue
