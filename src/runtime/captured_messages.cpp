// captured_messages.cpp: see captured_messages.hpp.            Spec: queue/message_record.hpp.
#include "runtime/captured_messages.hpp"

#include <limits>
#include <utility>

#include "runtime/queue_loader.hpp"

namespace pb::runtime {
namespace {
using inbox::Captured;
using inbox::CapturedError;
using queue::Family;

Captured describe(queue::MessageRecord&& record, std::vector<std::uint32_t> recipients) {
  queue::QueuedMessage& m = record.message;
  return {.id = m.id,
          .received_at = m.accepted_at,
          .envelope = std::move(m.envelope),
          .recipients = std::move(recipients),
          .listener = std::move(m.listener),
          .role = std::move(m.role),
          .client = std::move(m.client),
          .account = std::move(m.account),
          .tls = std::move(m.tls),
          .octets = m.trace.size() + m.body_octets};
}

/// nullopt: not captured, damaged, or let go of already.
std::optional<Captured> captured_in(std::string_view key, std::string_view value) {
  auto const parsed = queue::parse_key(key);
  if (!parsed || parsed->kind != queue::KeyKind::envelope) return std::nullopt;
  auto record = queue::decode_message(parsed->id, value);
  if (!record || !record->captured) return std::nullopt;
  std::vector<std::uint32_t> recipients;
  for (std::uint32_t i = 0; i < record->phases.size(); ++i) {
    if (record->phases[i] == queue::Phase::delivered) recipients.push_back(i);
  }
  return describe(std::move(*record), std::move(recipients));
}
}  // namespace

std::expected<std::vector<Captured>, CapturedError> CapturedMessages::list(QueueId after,
                                                                           std::size_t count_max) {
  std::vector<Captured> found;
  std::string const from = after == QueueId{} ? "" : queue::envelope_key(after) + '\0';
  auto const scanned = store_.scan(Family::envelopes, from, "", [&](auto key, auto value) {
    if (auto captured = captured_in(key, value)) found.push_back(std::move(*captured));
    return found.size() < count_max;
  });
  if (!scanned) return std::unexpected{CapturedError::io};
  return found;
}

std::expected<std::optional<Captured>, CapturedError> CapturedMessages::get(QueueId id) {
  std::string const key = queue::envelope_key(id);
  auto const value = store_.get(Family::envelopes, key);
  if (!value) return std::unexpected{CapturedError::io};
  if (!*value) return std::nullopt;
  return captured_in(key, **value);
}

std::expected<std::optional<std::string>, CapturedError> CapturedMessages::read(
    QueueId id, std::size_t octets_max) {
  auto loaded = load_message(store_, id);
  if (!loaded) return std::unexpected{CapturedError::io};
  if (!*loaded || !(*loaded)->captured) return std::nullopt;
  MessageBytes bytes{(*loaded)->message, (*loaded)->inline_bytes, store_.body_files()};
  std::string beginning;
  while (beginning.size() < octets_max) {
    auto const part = bytes.read(beginning.size(), octets_max - beginning.size());
    if (!part) return std::unexpected{CapturedError::io};
    if (part->empty()) break;
    beginning.append(*part);
  }
  return beginning;
}

std::expected<void, CapturedError> CapturedMessages::release(QueueId id) {
  if (runner_ == nullptr) return std::unexpected{CapturedError::read_only};
  runner_->release_captured(id);
  return {};
}

std::expected<bool, CapturedError> CapturedMessages::remove(QueueId id) {
  auto const there = get(id);
  if (!there) return std::unexpected{there.error()};
  if (!*there) return false;
  if (auto const done = release(id); !done) return std::unexpected{done.error()};
  if (!runner_->settle_down()) return std::unexpected{CapturedError::io};
  return true;
}

std::expected<std::size_t, CapturedError> CapturedMessages::clear() {
  auto const all = list(QueueId{}, std::numeric_limits<std::size_t>::max());
  if (!all) return std::unexpected{all.error()};
  for (Captured const& captured : *all) {
    if (auto const done = release(captured.id); !done) return std::unexpected{done.error()};
  }
  if (!all->empty() && !runner_->settle_down()) return std::unexpected{CapturedError::io};
  return all->size();
}

std::uint64_t CapturedMessages::changes() const {
  return runner_ == nullptr ? 0 : runner_->captured_changes();
}
}  // namespace pb::runtime
