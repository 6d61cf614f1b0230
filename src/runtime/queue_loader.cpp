// queue_loader.cpp: see queue_loader.hpp.                     Spec: queue/message_record.hpp.
#include "runtime/queue_loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "journal/entry.hpp"

namespace pb::runtime {
namespace {
using queue::Family;
using queue::KeyKind;
using queue::StoreError;
constexpr std::uint64_t sequence_gap = 4096;

/// Gathers the records of one message after the other: they stand together.
class Gatherer {
 public:
  explicit Gatherer(std::function<void(queue::Recovered&&)> const& take) : take_{take} {}

  /// False: the record is damaged; problem() says which.
  bool add(std::string_view key, std::string_view value) {
    auto const parsed = queue::parse_key(key);
    if (!parsed) return damaged("a key that is none of ours");
    if (parsed->kind == KeyKind::envelope) {
      finish();
      auto record = queue::decode_message(parsed->id, value);
      if (!record) return damaged("the envelope of " + parsed->id.text());
      current_.emplace().record = std::move(*record);
      return true;
    }
    // States of a message that has no envelope: left by a removal that a power cut tore apart
    // cannot be, batches are whole; so it is damage.
    if (!current_ || current_->record.message.id != parsed->id) {
      return damaged("states without an envelope: " + parsed->id.text());
    }
    if (parsed->kind == KeyKind::note) {
      auto note = queue::decode_note(value);
      if (!note) return damaged("the note of " + parsed->id.text());
      current_->note = std::move(*note);
      return true;
    }
    auto state = queue::decode_state(value);
    if (!state) return damaged("a recipient's state of " + parsed->id.text());
    current_->states.emplace_back(parsed->recipient, std::move(*state));
    return true;
  }
  void finish() {
    if (!current_) return;
    ++count_;
    take_(std::move(*current_));
    current_.reset();
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::string const& problem() const { return problem_; }

 private:
  bool damaged(std::string what) {
    problem_ = "damaged or newer record: " + std::move(what);
    return false;
  }
  std::function<void(queue::Recovered&&)> const& take_;
  std::optional<queue::Recovered> current_;
  std::size_t count_ = 0;
  std::string problem_;
};
}  // namespace

std::expected<std::optional<LoadedMessage>, StoreError> load_message(RocksStore const& store,
                                                                     QueueId id) {
  auto const envelope = store.get(Family::envelopes, queue::envelope_key(id));
  if (!envelope) return std::unexpected{envelope.error()};
  if (!*envelope) return std::nullopt;
  auto record = queue::decode_message(id, **envelope);
  if (!record) return std::unexpected{StoreError::corrupt};
  auto body = store.get(Family::bodies, queue::body_key(id));
  if (!body) return std::unexpected{body.error()};
  if (!*body || (*body)->size() != record->inline_octets) {
    return std::unexpected{StoreError::corrupt};
  }
  LoadedMessage loaded;
  loaded.captured = record->captured;
  loaded.message = std::make_shared<queue::QueuedMessage const>(std::move(record->message));
  loaded.inline_bytes = std::make_shared<std::string const>(std::move(**body));
  return loaded;
}

std::expected<std::size_t, std::string> load_queue(
    RocksStore const& store, std::function<void(queue::Recovered&&)> const& take) {
  Gatherer gatherer{take};
  auto const scanned = store.scan(Family::envelopes, "", "",
                                  [&](auto key, auto value) { return gatherer.add(key, value); });
  if (!gatherer.problem().empty()) return std::unexpected{gatherer.problem()};
  if (!scanned) return std::unexpected{std::string{"the envelopes cannot be read"}};
  gatherer.finish();
  return gatherer.count();
}

std::expected<std::uint64_t, StoreError> next_journal_sequence(RocksStore const& store) {
  auto const last = store.last_below(Family::journal, "f");  // entries begin with 'e'
  if (!last) return std::unexpected{last.error()};
  auto const sequence = *last ? journal::parse_entry_key(**last) : std::nullopt;
  return sequence ? *sequence + sequence_gap : 1;
}
std::expected<QueueId, StoreError> latest_journalled_id(RocksStore const& store) {
  QueueId latest{};
  std::string until = "j";  // behind every index key
  for (;;) {
    auto const key = store.last_below(Family::journal, until);
    if (!key) return std::unexpected{key.error()};
    auto const sequence = *key ? journal::parse_index_key(**key) : std::nullopt;
    if (!sequence) return latest;
    latest = std::max(latest, *journal::index_id(**key));
    until = journal::index_below(*sequence >> journal::segment_bits).second;
  }
}
}  // namespace pb::runtime
