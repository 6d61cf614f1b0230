// site_pool.hpp: who may connect to a site, when: a reducer over jobs, slots and failures.
// Spec: ARCHITECTURE.md "Layer 2 with a life"; RFC 5321 §4.5.4.1 (do not hammer).
// Tests: site_pool_test.cpp       Not here: hosts and connections (runtime/delivery_agent).
//
// A slot is the right to hold one connection to a site; its executor walks the hosts of the site.
// Invariants: 1. A site never has more slots than its limit. 2. A job is started or given back
// exactly once. 3. While a site is down at most one job probes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "queue/outcome.hpp"

namespace pb::delivery {
/// Names a job (one message's recipients at one site) and a slot, in this process.
using JobId = std::uint64_t;
using SlotId = std::uint64_t;

struct SiteLimits {
  std::size_t slots_start = 4;  // a site that is not known yet
  std::size_t slots_max = 20;
  std::size_t slots_total_max = 2000;   // all sites
  std::size_t waiting_max = 2000;       // jobs of one site; more are given back
  std::size_t failures_until_down = 3;  // attempts in a row that reached no host
  Duration down_min = std::chrono::minutes{1};
  Duration down_max = std::chrono::minutes{30};  // doubles from down_min up to this
  Duration busy_retry = std::chrono::seconds{30};
  std::size_t messages_per_minute = 0;  // of one site; 0: no limit
  std::size_t sites_remembered_max = 20'000;
};

/// Events.
struct JobArrived {
  JobId job;
  std::string site;
};
/// A slot's connection is open and unused: it takes another job, or is to be closed.
struct SlotIdle {
  SlotId slot;
};
/// The slot's connection is gone (or never was): the slot is free.
struct SlotEnded {
  SlotId slot;
};
/// What an attempt showed of the site. Once a job, in front of SlotIdle or SlotEnded.
enum class Showed : std::uint8_t {
  works,      // a host took part in a transaction
  throttles,  // 421, or too many connections
  is_down     // no host could be reached
};
struct AttemptShowed {
  SlotId slot;
  Showed showed;
};
struct Withdrawn {
  JobId job;  // if it still waits; else nothing
};
struct Tick {};
using PoolEvent = std::variant<JobArrived, SlotIdle, SlotEnded, AttemptShowed, Withdrawn, Tick>;

/// Effects.
struct OpenSlot {
  SlotId slot;
  JobId job;
};
struct UseSlot {
  SlotId slot;
  JobId job;
};
/// Keep the connection for a while in case a job comes; then close it and say SlotEnded.
struct KeepSlot {
  SlotId slot;
};
/// The site has more connections than it likes: close this one and say SlotEnded.
struct CloseSlot {
  SlotId slot;
};
struct GiveBack {
  JobId job;
  queue::Reason reason;  // site_busy or site_down
  Instant retry_at;
};
struct WakeAt {
  Instant at;
};
using PoolEffect = std::variant<OpenSlot, UseSlot, KeepSlot, CloseSlot, GiveBack, WakeAt>;
using PoolEffects = std::vector<PoolEffect>;

/// What limits a site now: for `explain`.
struct SiteView {
  std::size_t slots = 0, slots_limit = 0, waiting = 0;
  bool down = false;
  Instant probe_at{};  // when down
};

class SitePool {
 public:
  explicit SitePool(SiteLimits limits) : limits_{limits} {}
  void handle(PoolEvent const& event, Instant now, PoolEffects& out);
  [[nodiscard]] SiteView view(std::string const& site) const;
  [[nodiscard]] std::size_t slots() const { return slots_.size(); }
  [[nodiscard]] std::size_t sites() const { return sites_.size(); }

 private:
  struct Site {
    std::size_t limit = 0;
    std::size_t slots = 0;
    std::deque<JobId> waiting;
    std::vector<SlotId> idle;
    std::size_t successes = 0;  // since the limit changed
    std::size_t failures = 0;   // in a row
    Duration down_for{0};       // 0: not down
    Instant probe_at{};
    bool probing = false;
    double tokens = 0;  // of messages_per_minute
    Instant refilled_at{};
  };
  struct Slot {
    std::string site;
    bool is_idle = false;
  };

  void on_job(JobArrived const& event, Instant now, PoolEffects& out);
  void on_idle(SlotId slot, Instant now, PoolEffects& out);
  void on_ended(SlotId slot, Instant now, PoolEffects& out);
  void on_showed(AttemptShowed const& event, Instant now, PoolEffects& out);
  void on_withdrawn(JobId job);
  void on_tick(Instant now, PoolEffects& out);
  void start_waiting(std::string const& name, Site& site, Instant now, PoolEffects& out);
  void give_back_waiting(Site& site, queue::Reason reason, Instant retry_at, PoolEffects& out);
  bool take_token(Site& site, Instant now, PoolEffects& out);
  [[nodiscard]] bool site_rests(Site const& site, Instant now) const;
  [[nodiscard]] bool may_open(Site const& site, Instant now) const;
  void forget_if_plain(std::string const& name);

  SiteLimits limits_;
  std::unordered_map<std::string, Site> sites_;
  std::unordered_map<SlotId, Slot> slots_;
  std::unordered_map<JobId, std::string> waiting_at_;
  SlotId next_slot_ = 1;
};
}  // namespace pb::delivery
