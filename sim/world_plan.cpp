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
constexpr Duration burst_lasts{3000};
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
  auto const any_time = [&] { return start_of_time + random.between(Duration{0}, arrival); };
  auto const invite = [&](std::unique_ptr<Person> person, Instant when) {
    time.at(when, [one = person.get()] { one->begin(); });
    people_.push_back(std::move(person));
  };
  constexpr std::uint32_t letters_a_burst = 12;
  std::uint32_t left = scenario.letters;
  for (std::uint32_t i = 0; i < scenario.bursts && left > scenario.letters / 2; ++i) {
    Instant const at = start_of_time + random.between(Duration{0}, arrival);
    std::size_t const domain = random.below(sites.domains().size());
    for (std::uint32_t k = 0; k < letters_a_burst; ++k, --left)
      invite(make_submitter(*this, domain), at + random.between(Duration{0}, burst_lasts));
  }
  for (; left > 0; --left) invite(make_submitter(*this), any_time());
  for (std::uint32_t i = 0; i < scenario.hostile; ++i) invite(make_hostile(*this), any_time());
}

/// `count` times in the bad hours; the dice may leave some out.
void SimWorld::at_random(std::uint32_t count, std::function<void()> action) {
  for (std::uint32_t i = 0; i < count; ++i)
    time.at(start_of_time + random.between(Duration{0}, calm_at - start_of_time), action);
}

void SimWorld::plan_faults() {
  at_random(scenario.crashes, [this] {
    // At any time, or in the middle of something: while a batch waits for its sync.
    if (random.one_in(2)) return crash_soon(Duration{500});
    writes_until_crash_ = 1 + random.below(30);
  });
  at_random(scenario.drains, [this] { drain(); });
  at_random(scenario.sync_failures, [this] { store.fail_next(false); });
  at_random(scenario.write_failures, [this] { store.fail_next(true); });
  at_random(scenario.clock_jumps, [this] { jump(); });
  at_random(scenario.orders, [this] {
    if (random.one_in(2)) return order();
    ++(random.one_in(2) ? orders_waiting_ : floods_waiting_);
  });
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
  auto const in_flight = node->in_flight();
  end_process();
  std::size_t const lost = store.crash(random);
  time.note("crash", in_flight.size(), lost);
  excuse_since(failed_at_.value_or(time.now()));
  failed_at_.reset();
  syncing(false);
  restart(in_flight, random.between(Duration{100}, restart_wait_max));
}

void SimWorld::restart(std::set<std::uint64_t> const& in_flight, Duration wait) {
  time.after(wait, [this, in_flight] {
    ++processes_;
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
    auto const in_flight = node->in_flight();
    end_process();
    store.close();
    time.note("drained", in_flight.size());
    excuse_since(time.now());
    syncing(false);
    restart(in_flight, random.between(Duration{100}, std::chrono::seconds{30}));
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
  order_about(at->second);
}

void SimWorld::order_about(Accepted const& about) {
  queue::AdminRequest request;
  request.actor = "operator";
  request.action = static_cast<queue::AdminAction>(random.below(6));
  if (request.action == queue::AdminAction::reroute) request.action = queue::AdminAction::retry;
  bool const harsh =
      request.action == queue::AdminAction::bounce || request.action == queue::AdminAction::remove;
  if (harsh || random.one_in(2))
    request.filter.ids = {about.id};
  else
    request.filter.domain = about.addressees.front().domain;
  carry_out(std::move(request));
}

/// A line has formed before a domain: the operator stops it, or throws it away.
void SimWorld::order_flood(std::string const& domain) {
  queue::AdminRequest request;
  request.actor = "operator";
  request.action = random.one_in(2) ? queue::AdminAction::hold : queue::AdminAction::remove;
  request.filter.domain = domain;
  carry_out(std::move(request));
}

void SimWorld::carry_out(queue::AdminRequest request) {
  std::uint64_t const id = request.filter.ids.empty() ? 0 : request.filter.ids.front().value();
  time.note("order", static_cast<std::uint64_t>(request.action), id, request.filter.domain);
  // It holds from now on, whether or not the store can still write it down.
  for (auto& [number, message] : ledger.accepted())
    for (Addressee& one : message.addressees)
      one.steered = one.steered || one.domain == request.filter.domain || number == id;
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
