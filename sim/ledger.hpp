// ledger.hpp: what the world knows to be true of each message, apart from what the queue believes.
// Spec: sim/README.md.                     Not here: judging them (checkers/).
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "journal/entry.hpp"
#include "queue/lease.hpp"

namespace pb::sim {
/// What somebody wants to send. Found again by its number, which its header section carries.
struct Letter {
  std::uint32_t number = 0;
  bool forbidden = false;  // smuggled, or from somebody who may not: must never be accepted
  std::string content;     // header section, empty line, body
  std::string body;
  std::vector<std::string> recipients;
};

/// A next hop took the message for one recipient.
struct Receipt {
  Instant at{};
  std::uint64_t wire = 0;
  std::optional<Instant> known_at;  // when the reply reached us
  Duration disk_free_then{0};       // SimWorld::disk_free() at that time
  bool excused = false;             // a second one may follow
};

struct Addressee {
  std::string address;
  std::string domain;
  std::uint32_t index = 0;
  std::optional<journal::Kind> ended;  // delivered, bounced, expired or removed: in the journal
  std::uint32_t endings = 0;           // entries of these kinds
  bool refused = false;                // some next hop said 5xx about it
  bool steered = false;                // an operator spoke of it
  bool leased = false;
  std::uint32_t attempts = 0;
  std::int64_t deferrals = 0;         // entries in the journal
  std::optional<Instant> not_before;  // by the ladder, on the node's clock
  Instant settled_at{};               // simulated time
  std::vector<Receipt> receipts;
};

/// A message that the queue was given.
struct Accepted {
  QueueId id;
  Letter const* letter = nullptr;  // null: a report of ours
  std::shared_ptr<queue::QueuedMessage const> message;
  bool acknowledged = false;
  bool poisonous = false;             // the process dies while it sends it
  QueueId about;                      // of a report
  std::vector<std::uint32_t> covers;  // which recipients of that
  std::vector<Addressee> addressees;
  [[nodiscard]] Addressee* find(std::string_view address) {
    for (Addressee& one : addressees)
      if (one.address == address) return &one;
    return nullptr;
  }
};

class Ledger {
 public:
  Letter& new_letter() {
    Letter& made = letters_.emplace_back();
    made.number = static_cast<std::uint32_t>(letters_.size());
    return made;
  }
  [[nodiscard]] Letter& last_letter() { return letters_.back(); }
  [[nodiscard]] Letter const* letter(std::uint32_t number) const {
    return number == 0 || number > letters_.size() ? nullptr : &letters_[number - 1];
  }
  Accepted& add(QueueId id) { return accepted_[id.value()]; }
  [[nodiscard]] Accepted* find(QueueId id) {
    auto const at = accepted_.find(id.value());
    return at == accepted_.end() ? nullptr : &at->second;
  }
  [[nodiscard]] std::map<std::uint64_t, Accepted>& accepted() { return accepted_; }
  [[nodiscard]] std::deque<Letter> const& letters() const { return letters_; }

  std::unordered_map<std::uint64_t, QueueId> on_wire;  // what is being sent there

 private:
  std::deque<Letter> letters_;
  std::map<std::uint64_t, Accepted> accepted_;
};

struct Counts {
  std::uint64_t letters = 0;       // that somebody tried to send
  std::uint64_t acknowledged = 0;  // messages answered 250
  std::uint64_t recipients = 0;    // of those
  std::uint64_t delivered = 0;     // recipients that a next hop took
  std::uint64_t duplicates = 0;    // of those, excused
  std::uint64_t bounced = 0, expired = 0;
  std::uint64_t reports = 0;
  std::uint64_t sessions = 0, attempts = 0;
  std::uint64_t crashes = 0, drains = 0, store_failures = 0;
  std::uint64_t steps = 0;
  // The least that a seed had: recipients of acknowledged messages, domains that they are in.
  std::uint64_t recipients_least = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t domains_least = std::numeric_limits<std::uint64_t>::max();
  void add(Counts const& other);
};
}  // namespace pb::sim
