// ids.hpp: identifiers. A QueueId is unique across nodes without asking anyone.
// Spec: ARCHITECTURE.md decision 9.                       Not here: Message-ID fields
// (mail/message_id).
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace pb {
/// 42 bits of milliseconds since 1970, then 22 random bits: sorts by age, 13 characters of
/// lower-case Crockford base 32.
class QueueId {
 public:
  QueueId() = default;
  explicit constexpr QueueId(std::uint64_t value) : value_{value} {}
  static QueueId make(Instant now, Random& random);
  static std::optional<QueueId> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::uint64_t value() const { return value_; }
  [[nodiscard]] Instant made_at() const;
  friend auto operator<=>(QueueId, QueueId) = default;

 private:
  std::uint64_t value_ = 0;
};

/// The ids of one process, never the same twice: twenty-two bits alone meet again within minutes at
/// thousands of messages a second. Any thread.
class QueueIds {
 public:
  /// As QueueId::make, but behind every id before it, whatever the clock says.
  QueueId next(Instant now, Random& random);
  /// Ids that exist already: the next one comes behind it.
  void pass(QueueId id);

 private:
  std::atomic<std::uint64_t> last_ = 0;
};

/// Names a connection in logs; unique in one process.
struct SessionId {
  std::uint64_t value = 0;
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(SessionId, SessionId) = default;
};
}  // namespace pb
