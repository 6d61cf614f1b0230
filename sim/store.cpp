// store.cpp: see store.hpp.                                              Spec: queue/store.hpp.
#include "sim/store.hpp"

#include <ranges>
#include <utility>

#include "queue/message_record.hpp"

namespace pb::sim {
using queue::Family;

bool SimStore::write(queue::Batch const& batch) {
  if (failed_ || std::exchange(fail_write_, false)) {
    failed_ = true;
    return false;
  }
  ++writes_;
  Unsynced made;
  for (queue::Write const& write : batch) {
    auto& family = records_[static_cast<std::size_t>(write.family)];
    auto const at = family.find(write.key);
    Undo undo{write.family, write.key, std::nullopt};
    if (at != family.end()) undo.before = at->second;
    made.undo.push_back(std::move(undo));
    if (!write.value) {
      if (at != family.end()) family.erase(at);
      continue;
    }
    family.insert_or_assign(write.key, *write.value);
    if (write.family != Family::journal) continue;
    auto const sequence = journal::parse_entry_key(write.key);
    if (!sequence) continue;
    auto entry = journal::decode(*sequence, *write.value);
    if (!entry) throw std::runtime_error{"a journal entry cannot be read back"};
    on_entry(*entry);
    made.entries.push_back(std::move(*entry));
  }
  unsynced_.push_back(std::move(made));
  return true;
}

bool SimStore::sync() {
  if (failed_ || std::exchange(fail_sync_, false)) {
    failed_ = true;
    return false;
  }
  if (lies_about_sync) return true;
  for (Unsynced const& batch : unsynced_) {
    for (Undo const& undo : batch.undo) {
      if (undo.family != Family::envelopes || undo.before) continue;
      auto const key = queue::parse_key(undo.key);
      if (key && key->kind == queue::KeyKind::envelope) durable_ids_.insert(key->id.value());
    }
  }
  unsynced_.clear();
  return true;
}

std::size_t SimStore::crash(SimRandom& random) {
  std::size_t const kept = random.below(unsynced_.size() + 1);
  std::size_t const lost = unsynced_.size() - kept;
  while (unsynced_.size() > kept) {
    Unsynced batch = std::move(unsynced_.back());
    unsynced_.pop_back();
    for (Undo& undo : std::views::reverse(batch.undo)) {
      auto& family = records_[static_cast<std::size_t>(undo.family)];
      if (undo.before) {
        family.insert_or_assign(undo.key, std::move(*undo.before));
      } else {
        family.erase(undo.key);
      }
    }
    for (journal::Entry const& entry : batch.entries) on_entry_lost(entry);
  }
  close();
  return lost;
}

void SimStore::close() {
  failed_ = fail_write_ = fail_sync_ = false;
  if (!lies_about_sync) sync();
}

std::optional<std::string> SimStore::read(Family family, std::string const& key) const {
  auto const& found = records(family);
  auto const at = found.find(key);
  if (at == found.end()) return std::nullopt;
  return at->second;
}
}  // namespace pb::sim
