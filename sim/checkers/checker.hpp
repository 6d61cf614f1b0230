// checker.hpp: what a checker sees of a run; each lies in a file of its own.
// Spec: docs/trust.md, sim/README.md.                 Not here: the run (run.hpp).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/site_pool.hpp"
#include "queue/event.hpp"
#include "queue/queue.hpp"
#include "sim/ledger.hpp"
#include "sim/sites.hpp"
#include "sim/store.hpp"
#include "sim/wire.hpp"

namespace pb::sim {
/// How a server session ended.
struct SessionSummary {
  std::uint64_t wire = 0;
  bool stranger = false;
  Duration took{};
  std::size_t negative_replies = 0;  // 5xx to commands
  std::size_t accepted = 0;
};
/// What a next hop got.
struct Delivery {
  Accepted& message;
  Addressee& addressee;
  Host const& host;
  bool encrypted = false, trusted = false;
  std::string_view content;
};

/// Each call may throw Violation{name(), ...}.
class Checker {
 public:
  virtual ~Checker() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  virtual void on_accepted(Accepted&, std::string_view /*content*/, bool /*stranger*/) {}
  virtual void on_acknowledged(Accepted&, SimStore const&) {}
  virtual void on_leased(Accepted&, queue::Lease const&, Scenario const&, Instant /*node's now*/) {}
  virtual void on_settled(Accepted&, Addressee&, queue::Outcome const&, Instant) {}
  virtual void on_entry(Accepted&, journal::Entry const&) {}
  /// A crash took it back.
  virtual void on_entry_lost(Accepted&, journal::Entry const&) {}
  /// What was leased is not there to be sent.
  virtual void on_unreadable(Accepted&) {}
  /// The process ended; what was known in the last moment may be forgotten.
  virtual void on_process_end(Ledger&, Instant /*since when*/) {}
  /// Another one has read the store.
  virtual void on_restart(Ledger&, SimStore const&) {}
  virtual void on_delivery(Delivery const&, Instant) {}
  virtual void on_secret(Host const&, bool /*encrypted*/, bool /*trusted*/) {}
  virtual void on_report(Accepted& /*original*/, queue::ReportItem const&) {}
  /// Somebody who keeps to the rules was answered 5yz.
  virtual void on_refusal(Letter const&, std::string_view /*reply*/) {}
  virtual void on_session_over(SessionSummary const&) {}
  virtual void on_queue(queue::QueueStats const&, Scenario const&) {}
  virtual void on_site(delivery::SiteView const&, Scenario const&) {}
  struct End {
    Ledger& ledger;
    SimStore const& store;
    Sites const& sites;
    queue::QueueStats stats;
    std::size_t sessions_open = 0;
    std::size_t attempts_open = 0;
    bool ran_out_of_time = false;
  };
  virtual void on_end(End const&) {}

 protected:
  [[noreturn]] void fail(std::string text) const {
    throw Violation{std::string{name()}, std::move(text)};
  }
};
using Checkers = std::vector<std::unique_ptr<Checker>>;
/// All of them, new.
Checkers make_checkers();

std::unique_ptr<Checker> make_kept();
std::unique_ptr<Checker> make_durable_first();
std::unique_ptr<Checker> make_one_outcome();
std::unique_ptr<Checker> make_duplicates();
std::unique_ptr<Checker> make_null_path();
std::unique_ptr<Checker> make_limits();
std::unique_ptr<Checker> make_ladder();
std::unique_ptr<Checker> make_drains();
std::unique_ptr<Checker> make_security();
std::unique_ptr<Checker> make_strangers();
std::unique_ptr<Checker> make_unchanged();
std::unique_ptr<Checker> make_just_bounces();
std::unique_ptr<Checker> make_welcome();
}  // namespace pb::sim
