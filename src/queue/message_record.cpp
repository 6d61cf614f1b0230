// message_record.cpp: see message_record.hpp.           Spec: the order of fields is the format.
#include "queue/message_record.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace pb::queue {
namespace {
constexpr std::size_t id_octets = 8;
constexpr std::size_t reply_text_octets_max = 1024;

void put(ByteWriter& out, Instant at) { out.signed_varint(at.time_since_epoch().count()); }
Instant take_instant(ByteReader& in) { return Instant{Duration{in.signed_varint()}}; }

void put(ByteWriter& out, std::optional<Instant> const& at) {
  out.u8(at ? 1 : 0);
  if (at) put(out, *at);
}
std::optional<Instant> take_optional_instant(ByteReader& in) {
  if (in.u8() == 0) return std::nullopt;
  return take_instant(in);
}

void put(ByteWriter& out, mail::Mailbox const& mailbox) {
  out.string(mailbox.local_part);
  out.string(mailbox.domain.text);
}
mail::Mailbox take_mailbox(ByteReader& in) {
  mail::Mailbox mailbox;
  mailbox.local_part = in.string();
  mailbox.domain.text = in.string();
  return mailbox;
}

/// One octet of facts: bit i is the i-th.
template <class... Bools>
std::uint8_t pack(Bools... facts) {
  std::uint8_t out = 0;
  unsigned bit = 0;
  ((out = static_cast<std::uint8_t>(out | (static_cast<unsigned>(facts) << bit++))), ...);
  return out;
}
bool bit(std::uint8_t packed, unsigned index) { return ((packed >> index) & 1U) != 0; }

void put(ByteWriter& out, mail::ForwardPath const& path) {
  put(out, path.mailbox);
  mail::DsnNotify const& n = path.notify;
  out.u8(pack(n.specified, n.never, n.success, n.failure, n.delay));
  out.string(path.original_recipient);
}
mail::ForwardPath take_path(ByteReader& in) {
  mail::ForwardPath path;
  path.mailbox = take_mailbox(in);
  std::uint8_t const n = in.u8();
  path.notify = {bit(n, 0), bit(n, 1), bit(n, 2), bit(n, 3), bit(n, 4)};
  path.original_recipient = in.string();
  return path;
}

void put(ByteWriter& out, mail::Envelope const& e) {
  out.u8(pack(e.reverse_path.mailbox.has_value(), e.body_type == mail::BodyType::eight_bit_mime,
              e.smtputf8, e.declared_octets.has_value(), e.auth_identity.has_value(),
              e.deliver_by_return, e.deliver_by_trace));
  if (e.reverse_path.mailbox) put(out, *e.reverse_path.mailbox);
  if (e.declared_octets) out.varint(*e.declared_octets);
  if (e.auth_identity) out.string(*e.auth_identity);
  out.string(e.envelope_id);
  out.u8(static_cast<std::uint8_t>(e.dsn_return));
  put(out, e.hold_until);
  put(out, e.deliver_by);
  out.signed_varint(e.priority);
  out.varint(e.forward_paths.size());
  for (mail::ForwardPath const& path : e.forward_paths) put(out, path);
}
mail::Envelope take_envelope(ByteReader& in) {
  mail::Envelope e;
  std::uint8_t const facts = in.u8();
  if (bit(facts, 0)) e.reverse_path.mailbox = take_mailbox(in);
  e.body_type = bit(facts, 1) ? mail::BodyType::eight_bit_mime : mail::BodyType::seven_bit;
  e.smtputf8 = bit(facts, 2);
  if (bit(facts, 3)) e.declared_octets = in.varint();
  if (bit(facts, 4)) e.auth_identity = std::string{in.string()};
  e.deliver_by_return = bit(facts, 5);
  e.deliver_by_trace = bit(facts, 6);
  e.envelope_id = in.string();
  e.dsn_return = static_cast<mail::DsnReturn>(std::min<unsigned>(in.u8(), 2));
  e.hold_until = take_optional_instant(in);
  e.deliver_by = take_optional_instant(in);
  e.priority = static_cast<std::int8_t>(std::clamp<std::int64_t>(in.signed_varint(), -9, 9));
  std::uint64_t const paths = in.count();
  for (std::uint64_t i = 0; i < paths && in.ok(); ++i) e.forward_paths.push_back(take_path(in));
  return e;
}

void put(ByteWriter& out, std::vector<Forwarded> const& all) {
  out.varint(all.size());
  for (Forwarded const& one : all) {
    out.varint(one.recipient);
    put(out, one.reverse_path);
  }
}
std::vector<Forwarded> take_forwarded(ByteReader& in) {
  std::vector<Forwarded> all;
  std::uint64_t const count = in.count();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    auto const recipient = static_cast<std::uint32_t>(in.varint());
    all.push_back({recipient, take_mailbox(in)});
  }
  return all;
}

void put(ByteWriter& out, RemoteReply const& reply) {
  out.varint(reply.code);
  if (reply.code == 0) return;
  out.u8(reply.status.klass);
  out.varint(reply.status.subject);
  out.varint(reply.status.detail);
  out.string(std::string_view{reply.text}.substr(0, reply_text_octets_max));
  out.string(reply.host);
}
RemoteReply take_reply(ByteReader& in) {
  RemoteReply reply;
  reply.code = static_cast<std::uint16_t>(in.varint());
  if (reply.code == 0) return reply;
  reply.status.klass = in.u8();
  reply.status.subject = static_cast<std::uint8_t>(in.varint());
  reply.status.detail = static_cast<std::uint8_t>(in.varint());
  reply.text = in.string();
  reply.host = in.string();
  return reply;
}

std::optional<Phase> phase_of(std::uint8_t value) {
  if (value < static_cast<std::uint8_t>(Phase::due)) return std::nullopt;
  if (value > static_cast<std::uint8_t>(Phase::expired)) return std::nullopt;
  return static_cast<Phase>(value);
}

std::string key_of(QueueId id, char kind) {
  ByteWriter key;
  key.be64(id.value());
  key.u8(static_cast<std::uint8_t>(kind));
  return key.take();
}

/// Most messages have all recipients in one phase: one octet then.
void put(ByteWriter& out, std::vector<Phase> const& phases) {
  bool const uniform =
      std::ranges::adjacent_find(phases, std::ranges::not_equal_to{}) == phases.end();
  out.u8(uniform ? static_cast<std::uint8_t>(phases.front()) : 0);
  if (uniform) return;
  for (Phase const phase : phases) out.u8(static_cast<std::uint8_t>(phase));
}
bool take_phases(ByteReader& in, std::size_t count, std::vector<Phase>& phases) {
  std::uint8_t const first = in.u8();
  for (std::size_t i = 0; i < count; ++i) {
    auto const phase = phase_of(first != 0 ? first : in.u8());
    if (!phase) return false;
    phases.push_back(*phase);
  }
  return true;
}
}  // namespace

std::string envelope_key(QueueId id) { return key_of(id, 'e'); }
std::string note_key(QueueId id) { return key_of(id, 'm'); }
std::string state_key(QueueId id, std::uint32_t recipient) {
  PB_CHECK(recipient < recipients_per_message_max);
  ByteWriter key;
  key.raw(key_of(id, 's'));
  key.be16(static_cast<std::uint16_t>(recipient));
  return key.take();
}
std::string body_key(QueueId id) {
  ByteWriter key;
  key.be64(id.value());
  return key.take();
}

QueueId parse_body_key(std::string_view key) {
  ByteReader in{key};
  QueueId const id{in.be64()};
  return in.ok() && in.at_end() ? id : QueueId{};
}

std::optional<ParsedKey> parse_key(std::string_view key) {
  if (key.size() < id_octets + 1) return std::nullopt;
  ByteReader in{key};
  ParsedKey parsed;
  parsed.id = QueueId{in.be64()};
  char const kind = static_cast<char>(in.u8());
  if (kind != 'e' && kind != 'm' && kind != 's') return std::nullopt;
  parsed.kind = kind == 'e' ? KeyKind::envelope : kind == 'm' ? KeyKind::note : KeyKind::state;
  if (kind == 's') parsed.recipient = in.be16();
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return parsed;
}

std::string encode(MessageRecord const& record) {
  QueuedMessage const& m = record.message;
  PB_CHECK(record.phases.size() == m.envelope.forward_paths.size() && !record.phases.empty());
  ByteWriter out;
  out.u8(record_format);
  out.u8(pack(m.eight_bit, m.spf_failed, m.body_in_file, record.captured, !m.forwarded.empty(),
              m.junk));
  put(out, m.accepted_at);
  put(out, m.expires_at);
  put(out, m.envelope);
  put(out, record.phases);
  out.u8(static_cast<std::uint8_t>(record.held_reason));
  out.string(m.account);
  out.string(m.listener);
  out.string(m.role);
  out.string(m.client);
  out.string(m.tls);
  out.varint(m.body_octets);
  out.varint(record.inline_octets);
  out.string(m.trace);
  if (!m.forwarded.empty()) put(out, m.forwarded);
  return out.take();
}

std::optional<MessageRecord> decode_message(QueueId id, std::string_view bytes) {
  ByteReader in{bytes};
  if (in.u8() != record_format) return std::nullopt;
  MessageRecord record;
  QueuedMessage& m = record.message;
  m.id = id;
  std::uint8_t const facts = in.u8();
  m.eight_bit = bit(facts, 0);
  m.spf_failed = bit(facts, 1);
  m.body_in_file = bit(facts, 2);
  record.captured = bit(facts, 3);
  m.junk = bit(facts, 5);
  m.accepted_at = take_instant(in);
  m.expires_at = take_instant(in);
  m.envelope = take_envelope(in);
  std::size_t const recipients = m.envelope.forward_paths.size();
  if (recipients == 0 || recipients > recipients_per_message_max) return std::nullopt;
  if (!take_phases(in, recipients, record.phases)) return std::nullopt;
  record.held_reason = static_cast<Reason>(in.u8());
  m.account = in.string();
  m.listener = in.string();
  m.role = in.string();
  m.client = in.string();
  m.tls = in.string();
  m.body_octets = in.varint();
  record.inline_octets = in.varint();
  m.trace = in.string();
  if (bit(facts, 4)) m.forwarded = take_forwarded(in);
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return record;
}

std::string encode(RecipientState const& state) {
  PB_CHECK(state.phase != Phase::leased);
  ByteWriter out;
  out.u8(record_format);
  out.u8(static_cast<std::uint8_t>(state.phase));
  out.u8(pack(state.report_due, state.warned));
  out.varint(state.attempts);
  put(out, state.retry_at);
  out.u8(static_cast<std::uint8_t>(state.reason));
  out.u8(static_cast<std::uint8_t>(state.destination));
  put(out, state.reply);
  return out.take();
}

std::optional<RecipientState> decode_state(std::string_view bytes) {
  ByteReader in{bytes};
  if (in.u8() != record_format) return std::nullopt;
  auto const phase = phase_of(in.u8());
  if (!phase || *phase == Phase::leased) return std::nullopt;
  RecipientState state;
  state.phase = *phase;
  std::uint8_t const facts = in.u8();
  state.report_due = bit(facts, 0);
  state.warned = bit(facts, 1);
  state.attempts = static_cast<std::uint32_t>(in.varint());
  state.retry_at = take_instant(in);
  state.reason = static_cast<Reason>(in.u8());
  std::uint8_t const destination = in.u8();
  if (destination > static_cast<std::uint8_t>(Destination::discarded)) return std::nullopt;
  state.destination = static_cast<Destination>(destination);
  state.reply = take_reply(in);
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return state;
}

std::string encode(MessageNote const& note) {
  ByteWriter out;
  out.u8(record_format);
  out.u8(note.crashes);
  out.u8(pack(note.settled));
  out.string(note.via);
  return out.take();
}

std::optional<MessageNote> decode_note(std::string_view bytes) {
  ByteReader in{bytes};
  if (in.u8() != record_format) return std::nullopt;
  MessageNote note;
  note.crashes = in.u8();
  note.settled = bit(in.u8(), 0);
  note.via = in.string();
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return note;
}
}  // namespace pb::queue
