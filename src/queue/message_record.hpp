// message_record.hpp: the bytes of a message's records and their keys, with their format version.
// Spec: message_state.hpp; ARCHITECTURE.md decision 4.          Tests: message_state_test.cpp
// Not here: who writes them (queue.cpp) and where (runtime/rocks_store).
//
// Family envelopes:  id 'e'        MessageRecord, written once
//                    id 'm'        MessageNote, when there is one
//                    id 's' index  RecipientState, once it differs from how it was accepted
// Family bodies:     id            header section, empty line, body (the body is left out when it
//                                  is in a body file), written once
// id is 8 octets, index 2, both big-endian: a message's records stand together, oldest first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/lease.hpp"
#include "queue/message_state.hpp"

namespace pb::queue {
inline constexpr std::uint8_t record_format = 1;
inline constexpr std::size_t recipients_per_message_max = 0xFFFF;

/// As accepted; never changes.
struct MessageRecord {
  QueuedMessage message;
  std::uint64_t inline_octets = 0;  // of the bodies record
  std::vector<Phase> phases;  // one a recipient: due, held, or delivered (captured, discarded)
  Reason held_reason = Reason::none;
  bool captured = false;  // kept for the inbox until it is removed there
};

std::string envelope_key(QueueId id);
std::string note_key(QueueId id);
std::string state_key(QueueId id, std::uint32_t recipient);
std::string body_key(QueueId id);
/// QueueId{} when it is not a key of family bodies.
QueueId parse_body_key(std::string_view key);

enum class KeyKind : std::uint8_t { envelope, note, state };
struct ParsedKey {
  QueueId id;
  KeyKind kind = KeyKind::envelope;
  std::uint32_t recipient = 0;
};
/// nullopt: not a key of family envelopes.
std::optional<ParsedKey> parse_key(std::string_view key);

std::string encode(MessageRecord const& record);
std::string encode(RecipientState const& state);
std::string encode(MessageNote const& note);
/// nullopt: damaged, or of a newer format.
std::optional<MessageRecord> decode_message(QueueId id, std::string_view bytes);
std::optional<RecipientState> decode_state(std::string_view bytes);
std::optional<MessageNote> decode_note(std::string_view bytes);
}  // namespace pb::queue
