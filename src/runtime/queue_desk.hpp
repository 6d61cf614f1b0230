// queue_desk.hpp: what an operator sees of the queue and does to it, with a server or without.
// Spec: docs/queue-states.md; queue/admin.hpp.  Tests: tests/end_to_end/queue_test.py
// Not here: JSON (api/), words (cli/). Without a server the store is read, and nothing can be done.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/journal_reader.hpp"
#include "runtime/queue_runner.hpp"

namespace pb::runtime {
struct RecipientDetails {
  std::uint32_t index = 0;
  std::string address;
  queue::RecipientState state;
  bool leased = false;  // it is being delivered now
};
struct MessageDetails {
  QueueId id;
  std::shared_ptr<queue::QueuedMessage const> message;  // shared with the loader
  std::vector<RecipientDetails> recipients;
  std::uint8_t crashes = 0;
  std::string via;
  bool captured = false;
};

/// Blocks; any thread but the queue's own.
class QueueDesk {
 public:
  /// runner null: from the store alone.
  QueueDesk(RocksStore& store, QueueRunner* runner);
  ~QueueDesk();
  QueueDesk(QueueDesk const&) = delete;
  QueueDesk& operator=(QueueDesk const&) = delete;

  struct Page {
    std::vector<MessageDetails> messages;
    std::optional<std::uint32_t> next;  // ask again with this cursor; nullopt: that was all
  };
  std::expected<Page, std::string> list(queue::AdminFilter filter, std::uint32_t cursor,
                                        std::size_t count_max);
  /// nullopt: it is not in the store (any more); the journal may still know it.
  std::expected<std::optional<MessageDetails>, std::string> show(QueueId id);
  /// As it would be sent now. nullopt: gone.
  std::expected<std::optional<std::string>, std::string> raw(QueueId id, std::size_t octets_max);
  std::expected<queue::QueueStats, std::string> stats();
  std::expected<std::vector<queue::Queue::DomainStats>, std::string> domains(std::size_t count_max);
  /// Waits until it is done; mail flows meanwhile.
  std::expected<queue::AdminProgress, std::string> order(queue::AdminRequest request);
  [[nodiscard]] JournalReader& journal() { return journal_; }

 private:
  struct Offline;
  /// Runs `look` where the queue is: on its thread, or on a copy read from the store.
  std::expected<void, std::string> with_queue(std::function<void(queue::Queue const&)> look);
  void mark_leased(MessageDetails& details);
  RocksStore& store_;
  QueueRunner* runner_;
  JournalReader journal_;
  std::unique_ptr<Offline> offline_;
};
}  // namespace pb::runtime
