// world_plan.cpp: when what goes wrong in a run, when it stops, and what must be true at the end.
// Spec: sim/README.md names the faults.              Not here: the parts (world.cpp).
#include <algorithm>
#include <utility>

#include "sim/world.hpp"

namespace pb::sim {
namespace {
constexpr auto restart_wait_max = std::chrono::minutes{10};
/// The longest step of the ladder, what hangs on it, and a report about that.
constexpr auto calm_lasts = std::chrono::hours{16};
constexpr std::uint64_t steps_max = 3'000'000;
}  // namespace

SimWorld::SimWorld(Scenario given, std::uint64_t seed, Plant plant)
    : random{seed * 0x9E3779B97F4A7C15ULL + 1},
      scenario{std::move(given)},
      calm_at{start_of_time + std::chrono::hours{scenario.fault_hours}},
      sites{scenario, random, calm_at},
      checkers{make_checkers()},
      plant_{plant} {
  store.on_entry = [this](journal::Entry const& entry) { on_entry(entry, false); };
  store.on_entry_lost = [this](journal::Entry const& entry) { on_entry(entry, true); };
  store.lies_about_sync = plant == Plant::lying_sync;
  time.note("seed", seed, scenario.letters);
}

SimWorld::~SimWorld() {
  node.reset();
  people_.clear();
}

void SimWorld::run() {
  node = std::make_unique<Node>(*this);
  node->start({});
  plan();
  Instant const end = calm_at + calm_lasts;
  while (time.now() <= end && time.step()) {
    if (time.steps() > steps_max) throw Violation{"limits", "a run that does not end"};
  }
  counts.steps = time.steps();
  check_end(time.now() > end);
}

void SimWorld::plan() {
  plan_people();
  plan_faults();
  plan_calm();
}

void SimWorld::plan_people() {
  auto const arrival = std::chrono::minutes{scenario.arrival_minutes};
  auto const invite = [&](std::unique_ptr<Person> person) {
    time.at(start_of_time + random.between(Duration{0}, arrival),
            [one = person.get()] { one->begin(); });
    people_.push_back(std::move(person));
  };
  for (std::uint32_t i = 0; i < scenario.letters; ++i) invite(make_submitter(*this));
  for (std::uint32_t i = 0; i < scenario.hostile; ++i) invite(make_hostile(*this));
}

/// `count` times in the bad hours; the dice may leave some out.
void SimWorld::at_random(std::uint32_t count, std::function<void()> action) {
  for (std::uint32_t i = 0; i < count; ++i)
    time.at(start_of_time + random.between(Duration{0}, calm_at - start_of_time), action);
}

void SimWorld::plan_faults() {
  at_random(scenario.crashes, [this] {
    // Nearly always in the middle of something.
    time.after(random.between(Duration{0}, Duration{500}), [this] {
      if (node) crash();
    });
  });
  at_random(scenario.drains, [this] { drain(); });
  at_random(scenario.sync_failures, [this] { store.fail_next(false); });
  at_random(scenario.write_failures, [this] { store.fail_next(true); });
  at_random(scenario.clock_jumps, [this] { jump(); });
  at_random(scenario.orders, [this] { order(); });
}

/// Faults stop, and operators let go of what they held.
void SimWorld::plan_calm() {
  for (int hour = 0; hour < 3; ++hour) {
    time.at(calm_at + std::chrono::hours{hour} + std::chrono::minutes{30}, [this] {
      if (!node || failed_at_) return;
      node->order({queue::AdminAction::release, {.all = true}, "operator", ""});
    });
  }
}

void SimWorld::end_process() {
  for (auto const& link : std::exchange(node_links_, {}))
    if (auto const alive = link.lock()) alive->abandon();
  node.reset();
}

void SimWorld::crash() {
  ++counts.crashes;
  auto in_flight = node->in_flight();
  end_process();
  std::size_t const lost = store.crash(random);
  time.note("crash", in_flight.size(), lost);
  excuse_since(failed_at_.value_or(time.now()));
  failed_at_.reset();
  syncing(false);
  restart(std::move(in_flight), random.between(Duration{100}, restart_wait_max));
}

void SimWorld::restart(std::set<std::uint64_t> in_flight, Duration wait) {
  time.after(wait, [this, in_flight = std::move(in_flight)] {
    node = std::make_unique<Node>(*this);
    node->start(in_flight);
    for (auto& checker : checkers) checker->on_restart(ledger, store);
  });
}

void SimWorld::drain() {
  if (!node || failed_at_) return;
  ++counts.drains;
  time.note("drain");
  node->drain([this] {
    auto in_flight = node->in_flight();
    end_process();
    store.close();
    time.note("drained", in_flight.size());
    excuse_since(time.now());
    syncing(false);
    restart(std::move(in_flight), random.between(Duration{100}, std::chrono::seconds{30}));
  });
}

void SimWorld::jump() {
  Duration const most = std::chrono::hours{3};
  skew = random.between(Duration{0}, 2 * most) - most;
  time.note("clock jumps", static_cast<std::uint64_t>(skew.count()));
  if (node) node->clock_jumped();
}

/// An operator does something to some message, or to all mail for a domain.
void SimWorld::order() {
  if (!node || ledger.accepted().empty()) return;
  auto const& accepted = ledger.accepted();
  auto at = accepted.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random.below(accepted.size())));
  queue::AdminRequest request;
  request.actor = "operator";
  request.action = static_cast<queue::AdminAction>(random.below(6));
  if (request.action == queue::AdminAction::reroute) request.action = queue::AdminAction::retry;
  bool const harsh =
      request.action == queue::AdminAction::bounce || request.action == queue::AdminAction::remove;
  if (harsh || random.one_in(2))
    request.filter.ids = {at->second.id};
  else
    request.filter.domain = at->second.addressees.front().domain;
  time.note("order", static_cast<std::uint64_t>(request.action), at->first);
  // It holds from now on, whether or not the store can still write it down.
  for (auto& [id, message] : ledger.accepted())
    for (Addressee& one : message.addressees)
      one.steered = one.steered || one.domain == request.filter.domain ||
                    (!request.filter.ids.empty() && request.filter.ids.front() == message.id);
  node->order(std::move(request));
}

void SimWorld::check_end(bool ran_out_of_time) {
  if (!node) throw Violation{"drains", "the server did not come back"};
  for (auto& checker : checkers) {
    checker->on_restart(ledger, store);
    checker->on_end({ledger, store, sites, node->stats(), node->sessions_open(),
                     node->sender().slots(), ran_out_of_time});
  }
}
}  // namespace pb::sim
