// queue_runner.hpp: the queue's thread: gathers events, runs the reducer, executes its effects.
// Spec: ARCHITECTURE.md "Queue states" (two writes a message), decision 4.
// Tests: queue_runner_test.cpp, power_cut_test.cpp      Not here: what to do (queue/), SMTP.
//
// One thread is reducer and committer: while it syncs one batch the next one gathers (group
// commit), and a lone message is committed at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "queue/event.hpp"
#include "queue/queue.hpp"
#include "runtime/message_bytes.hpp"
#include "runtime/rocks_store.hpp"

namespace pb::runtime {
/// What delivery is lent. Called on the queue's thread or one of its pool: post it on and return.
struct LeasedMessage {
  queue::Lease lease;                   // its message is never null here
  std::shared_ptr<MessageBytes> bytes;  // shared: several connections may read one message
};
class LeaseSink {
 public:
  virtual ~LeaseSink() = default;
  virtual void start(LeasedMessage leased) = 0;
  /// An operator took it back: what has not been sent yet should not be. Settle it all the same.
  virtual void revoke(queue::LeaseId lease) = 0;
};

/// Makes reports (RFC 3464) of what the queue says; submits them by QueueRunner::accept with
/// report_of set, or says QueueRunner::reported when there is nothing to send.
/// Called on a thread of the queue's pool, or on its own.
class ReportSink {
 public:
  virtual ~ReportSink() = default;
  virtual void report(queue::ReportRequest request) = 0;
};

/// How a commit ended. `withdrawn` wins over `answered` or the other way: never both.
class CommitTicket;

struct QueueRunnerSettings {
  queue::QueueSettings queue;
  std::size_t hot_octets_max = 64U << 20;  // bodies kept in memory until they are delivered
  std::size_t pool_threads = 2;            // cold reads, removal of body files
};

class QueueRunner {
 public:
  QueueRunner(RocksStore& store, QueueRunnerSettings settings, Clock const& clock, Random& random,
              Log& log);
  /// Stops as stop() does.
  ~QueueRunner();
  QueueRunner(QueueRunner const&) = delete;
  QueueRunner& operator=(QueueRunner const&) = delete;

  // Before start(). Without a lease sink everything waits; without a report sink none is made.
  void set_lease_sink(LeaseSink* sink);
  void set_report_sink(ReportSink* sink);
  /// Reads the queue back from the store, removes body files that no envelope names, and starts
  /// the thread. An error names the record that could not be read.
  std::expected<void, std::string> start();
  /// Leases what is out no more, settles what comes within the call, syncs, ends the thread.
  void stop();

  // Any thread.
  /// An id that no message has had, in this process or in the store that start() read.
  QueueId make_id();
  /// Makes the message durable; `done` is called once, on the queue's thread.
  using CommitDone = std::function<void(queue::CommitVerdict)>;
  std::shared_ptr<CommitTicket> accept(queue::NewMessage message, CommitDone done);
  /// True: it will not be delivered and done() is not called. False: it was answered already.
  bool withdraw(CommitTicket& ticket);
  void settle(queue::AttemptDone done);
  /// A transaction for this lease begins: if the process dies before it is settled, that counts
  /// against the message (three times: it is held).
  void sending(queue::LeaseId lease, QueueId id);
  void reported(queue::Reported nothing_sent);
  /// `done` gets progress and, once, the end; on the queue's thread.
  void admin(queue::AdminRequest request, std::function<void(queue::AdminProgress)> done);
  /// The inbox let go of a captured message.
  void release_captured(QueueId id);
  /// Waits until everything posted before is done and written. False: the queue has stopped. Not on
  /// the queue's thread.
  bool settle_down();
  /// Runs on the queue's thread between events; keep it under a millisecond.
  void query(std::function<void(queue::Queue const&)> look);

  /// False: the store failed or the queue is full: answer 452 before a body is taken.
  [[nodiscard]] bool accepting() const;
  [[nodiscard]] std::size_t messages_queued() const;
  /// Grows with each captured message and each one let go.
  [[nodiscard]] std::uint64_t captured_changes() const;
  [[nodiscard]] RocksStore& store();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::runtime
