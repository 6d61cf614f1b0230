// captured.hpp: messages that deliver = "sandbox" has captured, as the inbox reads them.
// Spec: ARCHITECTURE.md "Queue states" (destination sandbox).   Implemented by
// runtime/captured_messages.       Not here: filters, parsing, waiting (inbox/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "mail/envelope.hpp"

namespace pb::inbox {
struct Captured {
  QueueId id;
  Instant received_at;
  mail::Envelope envelope;
  std::vector<std::uint32_t>
      recipients;            // which forward-paths were captured (others may be queued)
  std::string listener;      // where it came in: its configured address or label
  std::string role;          // "relay", "submission", "submissions", "submission-alt"
  std::string client;        // peer's address
  std::string account;       // empty: not authenticated
  std::string tls;           // "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: in the clear
  std::uint64_t octets = 0;  // trace, header section, empty line, body
};

enum class CapturedError : std::uint8_t { io, read_only };

/// Blocks; any thread.
class CapturedStore {
 public:
  virtual ~CapturedStore() = default;
  /// Oldest first, those behind `after` (QueueId{}: from the first), at most `count_max`.
  virtual std::expected<std::vector<Captured>, CapturedError> list(QueueId after,
                                                                   std::size_t count_max) = 0;
  virtual std::expected<std::optional<Captured>, CapturedError> get(QueueId id) = 0;
  /// The message as it rests: trace, header section, empty line, body; CRLF. Its first `octets_max`
  /// octets when it is longer. nullopt: gone.
  virtual std::expected<std::optional<std::string>, CapturedError> read(QueueId id,
                                                                        std::size_t octets_max) = 0;
  /// False: there was none.
  virtual std::expected<bool, CapturedError> remove(QueueId id) = 0;
  /// All of them; how many went.
  virtual std::expected<std::size_t, CapturedError> clear() = 0;
  /// Grows with each capture and removal: what a waiter compares.
  [[nodiscard]] virtual std::uint64_t changes() const = 0;
};
}  // namespace pb::inbox
