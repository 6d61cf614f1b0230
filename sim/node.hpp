// node.hpp: the simulated server process: gathers events, runs the queue, executes its effects.
// Spec: queue/event.hpp, queue/store.hpp; it does what runtime/queue_runner and queue_intake do.
// Not here: delivery (sender.hpp), sessions (server_link.hpp). A crash destroys the whole of it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "queue/queue.hpp"
#include "sim/sender.hpp"
#include "sim/server_link.hpp"

namespace pb::sim {
class SimWorld;

/// The process's clock: the world's, and by how much it is wrong.
class NodeClock final : public Clock {
 public:
  NodeClock(Timeline const& time, Duration const& skew) : time_{time}, skew_{skew} {}
  [[nodiscard]] Instant now() const override { return time_.now() + skew_; }

 private:
  Timeline const& time_;
  Duration const& skew_;
};

class Node {
 public:
  explicit Node(SimWorld& world);
  ~Node();
  Node(Node const&) = delete;
  Node& operator=(Node const&) = delete;
  /// Reads the queue back. `in_flight`: what was being sent when the process before this one died.
  void start(std::set<std::uint64_t> const& in_flight);

  void open_session(std::shared_ptr<Wire> wire, Caller caller);
  void session_over(SessionSummary const& summary);
  [[nodiscard]] bool accepting() const { return !store_failed_ && !draining_; }
  QueueId make_id();
  struct Ticket {
    std::function<void(queue::CommitVerdict)> done;  // empty: answered or withdrawn
    bool withdrawn = false;
  };
  std::shared_ptr<Ticket> accept(queue::NewMessage message,
                                 std::function<void(queue::CommitVerdict)> done);

  void settle(queue::AttemptDone done, std::shared_ptr<queue::QueuedMessage const> message);
  void sending(queue::LeaseId lease, QueueId id);
  void order(queue::AdminRequest request);
  /// Finishes what is open, syncs; then calls `done`, which may destroy this.
  void drain(std::function<void()> done);
  void clock_jumped() { post({}); }

  [[nodiscard]] std::set<std::uint64_t> in_flight() const;
  [[nodiscard]] SimWorld& world() { return world_; }
  [[nodiscard]] NodeClock const& clock() const { return clock_; }
  [[nodiscard]] queue::QueueStats stats() const { return queue_->stats(); }
  [[nodiscard]] std::size_t sessions_open() const { return sessions_.size(); }
  [[nodiscard]] Sender& sender() { return *sender_; }
  /// Not when the process has ended meanwhile.
  void after(Duration wait, std::function<void()> action);

 private:
  using Item = std::function<void(queue::Effects&)>;
  void post(Item item);
  void run();
  void proceed(queue::Effects out);
  void finish(queue::Effects work, bool ok, queue::Effects& out);
  void answer_commit(queue::Effects const& work, bool ok, queue::Effects& out);
  void store_failed(queue::Effects& out);
  void schedule_wake(std::optional<Instant> at);
  void sync_soon();
  void start_lease(queue::Lease lease);
  void make_report(queue::ReportRequest report);
  void submit_report(queue::ReportRequest const& report);
  void check_drained();
  [[nodiscard]] std::shared_ptr<std::string const> content_of(queue::QueuedMessage const& m) const;

  SimWorld& world_;
  NodeClock clock_;
  QueueIds ids_;
  std::optional<queue::Queue> queue_;
  std::unique_ptr<Sender> sender_;
  std::vector<std::shared_ptr<ServerLink>> sessions_;
  std::vector<Item> inbox_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Ticket>> tickets_;
  std::map<std::uint64_t, std::uint64_t> in_flight_;  // lease -> message
  std::vector<QueueId> drops_waiting_;
  std::optional<Instant> wake_at_;
  std::uint64_t wakes_ = 0;
  std::uint64_t next_ticket_ = 1;
  std::function<void()> on_drained_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // events look whether it is still there
  bool busy_ = false, scheduled_ = false, sync_due_ = false;
  bool store_failed_ = false, draining_ = false;
};
}  // namespace pb::sim
