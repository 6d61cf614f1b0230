// entry.cpp: see entry.hpp.                         Spec: the order of fields is the format.
#include "journal/entry.hpp"

#include <array>

#include "base/bytes.hpp"

namespace pb::journal {
namespace {
constexpr std::uint64_t low_mask = (1ULL << segment_bits) - 1;

struct KindName {
  Kind kind;
  std::string_view name;
};
constexpr std::array kind_names{
    KindName{Kind::accepted, "accepted"},     KindName{Kind::delivered, "delivered"},
    KindName{Kind::deferred, "deferred"},     KindName{Kind::bounced, "bounced"},
    KindName{Kind::expired, "expired"},       KindName{Kind::held, "held"},
    KindName{Kind::released, "released"},     KindName{Kind::retried, "retried"},
    KindName{Kind::rerouted, "rerouted"},     KindName{Kind::removed, "removed"},
    KindName{Kind::reported, "reported"},     KindName{Kind::warned, "warned"},
    KindName{Kind::transcript, "transcript"}, KindName{Kind::crashed, "crashed"},
};
struct KeyName {
  Key key;
  std::string_view name;
};
constexpr std::array key_names{
    KeyName{Key::recipient, "recipient"},
    KeyName{Key::reverse_path, "reverse_path"},
    KeyName{Key::account, "account"},
    KeyName{Key::client, "client"},
    KeyName{Key::listener, "listener"},
    KeyName{Key::octets, "octets"},
    KeyName{Key::reason, "reason"},
    KeyName{Key::code, "code"},
    KeyName{Key::status, "status"},
    KeyName{Key::text, "text"},
    KeyName{Key::host, "host"},
    KeyName{Key::retry_at, "retry_at"},
    KeyName{Key::attempt, "attempt"},
    KeyName{Key::destination, "destination"},
    KeyName{Key::actor, "actor"},
    KeyName{Key::via, "via"},
    KeyName{Key::report, "report"},
    KeyName{Key::line, "line"},
    KeyName{Key::tls, "tls"},
    KeyName{Key::about, "about"},
    KeyName{Key::crashes, "crashes"},
};

void put_index_prefix(ByteWriter& out, std::uint64_t segment) {
  out.u8('i');
  out.be32(static_cast<std::uint32_t>(segment));
}
}  // namespace

std::string_view name(Kind kind) {
  for (KindName const& row : kind_names) {
    if (row.kind == kind) return row.name;
  }
  return "unknown";
}
std::optional<Kind> parse_kind(std::string_view text) {
  for (KindName const& row : kind_names) {
    if (row.name == text) return row.kind;
  }
  return std::nullopt;
}
std::string_view name(Key key) {
  for (KeyName const& row : key_names) {
    if (row.key == key) return row.name;
  }
  return "unknown";
}

std::string_view Entry::get(Key key) const {
  for (Field const& field : fields) {
    if (field.key == key) return field.value;
  }
  return {};
}

std::string entry_key(std::uint64_t sequence) {
  ByteWriter out;
  out.u8('e');
  out.be64(sequence);
  return out.take();
}

std::string index_key(std::uint64_t sequence, QueueId id) {
  ByteWriter out;
  put_index_prefix(out, sequence >> segment_bits);
  out.be64(id.value());
  out.be16(static_cast<std::uint16_t>(sequence & low_mask));
  return out.take();
}

std::pair<std::string, std::string> index_range(std::uint64_t segment, QueueId id) {
  ByteWriter first;
  put_index_prefix(first, segment);
  first.be64(id.value());
  std::string const from = first.take();
  return {from, from + "\xFF\xFF\xFF"};  // longer than any low part
}

std::pair<std::string, std::string> entries_below(std::uint64_t segment) {
  return {entry_key(0), entry_key(segment << segment_bits)};
}

std::pair<std::string, std::string> index_below(std::uint64_t segment) {
  ByteWriter until;
  put_index_prefix(until, segment);
  return {"i", until.take()};
}

std::optional<std::uint64_t> parse_entry_key(std::string_view key) {
  ByteReader in{key};
  if (in.u8() != 'e') return std::nullopt;
  std::uint64_t const sequence = in.be64();
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return sequence;
}

std::optional<std::uint64_t> parse_index_key(std::string_view key) {
  ByteReader in{key};
  if (in.u8() != 'i') return std::nullopt;
  std::uint64_t const segment = in.be32();
  static_cast<void>(in.be64());
  std::uint64_t const low = in.be16();
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return (segment << segment_bits) | low;
}

std::optional<QueueId> index_id(std::string_view key) {
  if (!parse_index_key(key)) return std::nullopt;
  ByteReader in{key.substr(1 + sizeof(std::uint32_t))};  // behind 'i' and the segment
  return QueueId{in.be64()};
}

std::string encode(Entry const& entry) {
  ByteWriter out;
  out.u8(entry_format);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.signed_varint(entry.at.time_since_epoch().count());
  out.be64(entry.id.value());
  out.varint(entry.fields.size());
  for (Field const& field : entry.fields) {
    out.u8(static_cast<std::uint8_t>(field.key));
    out.string(field.value);
  }
  return out.take();
}

std::optional<Entry> decode(std::uint64_t sequence, std::string_view bytes) {
  ByteReader in{bytes};
  if (in.u8() != entry_format) return std::nullopt;
  Entry entry;
  entry.sequence = sequence;
  entry.kind = static_cast<Kind>(in.u8());
  entry.at = Instant{Duration{in.signed_varint()}};
  entry.id = QueueId{in.be64()};
  std::uint64_t const fields = in.count();
  for (std::uint64_t i = 0; i < fields && in.ok(); ++i) {
    Key const key = static_cast<Key>(in.u8());
    entry.fields.push_back({key, std::string{in.string()}});
  }
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return entry;
}
}  // namespace pb::journal
