// admin.hpp: what an operator can do to queued messages, by what they have in common.
// Spec: docs/queue-states.md (hold, release, retry, bounce, delete, reroute; en masse).
// Not here: who may ask (api/), how it is typed (cli/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace pb::queue {
enum class AdminAction : std::uint8_t { hold, release, retry, bounce, remove, reroute };

/// All that are given must hold; nothing given matches nothing unless `all`.
struct AdminFilter {
  std::vector<QueueId> ids{};           // empty: any
  std::string domain{};                 // key form, of a recipient; "": any
  std::string recipient{};              // address, key form of its domain; "": any
  std::string account{};                // who submitted; "": any
  std::optional<Instant> older_than{};  // accepted before
  bool all = false;
};

struct AdminRequest {
  AdminAction action = AdminAction::hold;
  AdminFilter filter{};
  std::string actor{};  // for the journal: "root (uid 0)"
  std::string via{};    // reroute: the new route; "": by the configuration again
};

struct AdminProgress {
  std::size_t looked_at = 0;   // messages
  std::size_t of = 0;          // messages in the queue when it began
  std::size_t recipients = 0;  // changed so far (or marked, when they were leased)
  bool finished = false;
};
}  // namespace pb::queue
