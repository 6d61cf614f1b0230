// world.hpp: one run of one seed: the node, everybody around it, the faults, and who watches.
// Spec: sim/README.md.  Not here: the parts (their headers).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/checkers/checker.hpp"
#include "sim/client_link.hpp"
#include "sim/node.hpp"
#include "sim/peer.hpp"
#include "sim/people.hpp"
#include "sim/scenario.hpp"

namespace pb::sim {
/// A fault in the simulated executor, to see whether the checkers notice.
enum class Plant : std::uint8_t {
  none,
  early_250,        // 250 before the store has answered
  lying_sync,       // a sync that does nothing
  settle_lost,      // an outcome that never reaches the queue
  lease_twice,      // a message is sent by two at once
  early_unlink,     // a body file goes before the settle is durable
  null_report,      // a report to <>
  downgrade,        // TLS is never asked for
  open_relay,       // everybody may send to everybody
  content_changed,  // a bit of the content
  impatient,        // retries come at half of their time
  wrong_bounce,     // 4xx is taken for 5xx
  endless_session   // a session that is never told of its deadlines
};
struct PlantRow {
  Plant plant;
  std::string_view name;
  std::string_view checker;  // who is to notice
};
std::vector<PlantRow> const& plants();

struct Delivered {
  Host const& host;
  std::uint64_t wire = 0;
  bool encrypted = false, trusted = false;
};

class SimWorld {
 public:
  SimWorld(Scenario scenario, std::uint64_t seed, Plant plant);
  ~SimWorld();
  /// To the end; throws Violation.
  void run();

  [[nodiscard]] bool faulty() const { return time.now() < calm_at; }
  /// Everybody is written to: the domains take turns, with others beside them each time.
  std::size_t next_domain() { return turns_++ * 7 % sites.domains().size(); }
  /// In how many domains somebody is to get acknowledged mail.
  [[nodiscard]] std::size_t domains_reached();
  [[nodiscard]] bool planted(Plant which) const { return plant_ == which; }

  // What the node tells.
  void accepting(queue::NewMessage& message, std::string body, Caller caller);
  void accepting_report(queue::NewMessage const& message, QueueId about);
  void acknowledged(QueueId id);
  void leased(queue::Lease const& lease, Instant now);
  void settled(queue::AttemptDone& done, Instant now);
  void reported(queue::QueuedMessage const& original, queue::ReportItem const& item);
  void store_failed();
  /// A sync begins or ends: nothing else is written meanwhile.
  void syncing(bool now);
  /// How long the disk could be written to so far: a settle waits for it (settle_window).
  [[nodiscard]] Duration disk_free() const;
  void sending(QueueId id);
  void unreadable(QueueId id);
  /// A batch lies in the store's memory, and is not synced yet.
  void written();
  // What a next hop tells.
  void delivered(Delivered where, std::vector<std::string> const& recipients,
                 std::string const& content);

  /// Gives the link a wire to the hop's host, or lets it fail.
  void dial(delivery::Hop const& hop, ClientLink& link);
  /// How many connections it has let in.
  [[nodiscard]] std::size_t guests_of(Host const& host) const;
  /// A wire to our server; null: nobody listens now.
  std::shared_ptr<Wire> call_server(Caller caller);
  /// Links of the node: they end with it.
  void watch_over(std::shared_ptr<ClientLink> const& link) { node_links_.push_back(link); }
  /// Nobody but the wire needs it any more.
  void let_go(std::shared_ptr<ClientLink> link) { let_go_.push_back(std::move(link)); }

  Timeline time;
  SimRandom random;
  Scenario const scenario;
  Instant const calm_at;
  Ledger ledger;
  SimStore store;
  Sites sites;
  Checkers checkers;
  Counts counts;
  Duration skew{0};
  std::unique_ptr<Node> node;

 private:
  void plan();
  void plan_people();
  void plan_faults();
  void plan_calm();
  void at_random(std::uint32_t count, std::function<void()> action);
  void end_process();
  void crash();
  void restart(std::set<std::uint64_t> const& in_flight, Duration wait);
  void drain();
  void jump();
  void order();
  void order_about(Accepted const& message);
  void order_flood(std::string const& domain);
  void carry_out(queue::AdminRequest request);
  void crash_soon(Duration most);
  void excuse_since(Instant when);
  void on_entry(journal::Entry const& entry, bool lost);
  void check_end(bool ran_out_of_time);
  void tidy_up();
  [[nodiscard]] WireFaults wire_faults();

  Plant plant_;
  std::uint64_t wires_ = 0;
  std::vector<std::weak_ptr<ClientLink>> node_links_;
  std::vector<std::shared_ptr<ClientLink>> let_go_;
  std::vector<std::shared_ptr<Peer>> peers_;
  std::vector<std::unique_ptr<Person>> people_;
  std::optional<Instant> failed_at_;  // the store, in this process
  std::optional<Instant> syncing_since_;
  Duration synced_{0};           // spent in syncs that ended
  std::uint64_t processes_ = 1;  // so far; addresses of nodes may come again
  std::uint64_t writes_until_crash_ = 0;
  std::uint64_t orders_waiting_ = 0;  // for something that is being sent
  std::uint64_t floods_waiting_ = 0;  // orders that wait until a line has formed
  std::size_t turns_ = 0;
};
}  // namespace pb::sim
