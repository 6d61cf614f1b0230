// message_bytes.cpp: see message_bytes.hpp.                 Spec: ARCHITECTURE.md "StoredMessage".
#include "runtime/message_bytes.hpp"

#include <utility>

#include "base/check.hpp"

namespace pb::runtime {
MessageBytes::MessageBytes(std::shared_ptr<queue::QueuedMessage const> message,
                           std::shared_ptr<std::string const> inline_bytes, BodyFiles& files)
    : message_{std::move(message)}, inline_{std::move(inline_bytes)}, files_{files} {
  PB_CHECK(message_ != nullptr && inline_ != nullptr);
}

std::uint64_t MessageBytes::octets() const {
  return message_->trace.size() + message_->body_octets;
}

bool MessageBytes::in_memory() const { return !message_->body_in_file; }

std::expected<std::string_view, queue::StoreError> MessageBytes::read(std::uint64_t offset,
                                                                      std::size_t octets_max) {
  std::string_view const trace{message_->trace};
  if (offset < trace.size()) return trace.substr(offset, octets_max);
  offset -= trace.size();
  std::string_view const front{*inline_};
  if (offset < front.size()) return front.substr(offset, octets_max);
  offset -= front.size();
  if (!message_->body_in_file || octets_max == 0) return std::string_view{};
  auto chunk = files_.read(message_->id, offset, octets_max);
  if (!chunk) return std::unexpected{chunk.error()};
  // A shorter file than was accepted is damage, not the end.
  bool const at_end = front.size() + offset >= message_->body_octets;
  if (chunk->empty() && !at_end) return std::unexpected{queue::StoreError::corrupt};
  chunk_ = std::move(*chunk);
  return std::string_view{chunk_};
}

std::expected<std::string, queue::StoreError> MessageBytes::read_all(std::uint64_t octets_max) {
  if (octets() > octets_max) return std::unexpected{queue::StoreError::no_space};
  std::string all;
  all.reserve(octets());
  while (all.size() < octets()) {
    auto const part = read(all.size(), 256U << 10);
    if (!part) return std::unexpected{part.error()};
    if (part->empty()) return std::unexpected{queue::StoreError::corrupt};
    all.append(*part);
  }
  return all;
}
}  // namespace pb::runtime
