// sender.cpp: see sender.hpp.                                 Spec: delivery/site_pool.hpp.
#include "sim/sender.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "sim/node.hpp"
#include "sim/world.hpp"

namespace pb::sim {
using delivery::JobId;
using delivery::SlotId;

namespace {
constexpr Duration idle_keep = std::chrono::seconds{5};
constexpr std::size_t messages_per_connection = 100;

queue::Deferred given_back(queue::Reason reason) {
  queue::Deferred out;
  out.reason = reason;
  out.attempted = false;
  return out;
}

delivery::SiteLimits limits_of(Scenario const& scenario) {
  delivery::SiteLimits limits;
  limits.slots_max = scenario.slots_max;
  limits.slots_start = std::min<std::size_t>(4, scenario.slots_max);
  return limits;
}
}  // namespace

Sender::Sender(Node& node) : node_{node}, pool_{limits_of(node.world().scenario)} {}
Sender::~Sender() = default;

void Sender::start(queue::Lease lease, std::shared_ptr<std::string const> content) {
  auto routing = std::make_shared<Routing>();  // shared with the answers that it waits for
  routing->seed = node_.world().random.next();
  std::map<std::string, std::size_t> index;
  delivery::RoutingTable const& table = Sites::routes();
  for (std::uint32_t const recipient : lease.recipients) {
    std::string domain = lease.message->envelope.forward_paths[recipient].mailbox.domain.key();
    auto const [at, is_new] = index.try_emplace(domain, routing->groups.size());
    if (is_new) {
      Group made{domain, table.rule_for(domain), {}};
      auto const local = table.local_domains.find(domain);
      if (local != table.local_domains.end()) made.rule.via = {local->second};
      if (!lease.via.empty())
        if (auto via = delivery::parse_via(lease.via)) made.rule.via = {*via};
      routing->groups.push_back(std::move(made));
    }
    routing->groups[at->second].recipients.push_back(recipient);
  }
  routing->lease = std::move(lease);
  routing->content = std::move(content);
  route(std::move(routing));
}

void Sender::route(std::shared_ptr<Routing> routing) {
  constexpr int rounds_max = 4;
  std::vector<dns::Question> questions;
  std::vector<Group> unanswered;
  for (Group& group : routing->groups) {
    auto answer = delivery::find_route(group.domain, group.rule, Sites::routes(), routing->facts,
                                       routing->seed);
    if (auto* asked = std::get_if<std::vector<dns::Question>>(&answer)) {
      questions.insert(questions.end(), asked->begin(), asked->end());
      unanswered.push_back(std::move(group));
    } else if (auto const* outcome = std::get_if<queue::Outcome>(&answer)) {
      settle_all(*routing, group.recipients, *outcome);
    } else {
      delivery::Route& found = std::get<delivery::Route>(answer);
      auto const [job, is_new] =
          routing->jobs.try_emplace(found.site, Job{routing->lease, routing->content, found, {}});
      auto& recipients = job->second.recipients;
      recipients.insert(recipients.end(), group.recipients.begin(), group.recipients.end());
    }
  }
  routing->groups = std::move(unanswered);
  if (!questions.empty() && ++routing->rounds < rounds_max)
    return ask(std::move(routing), std::move(questions));
  submit(*routing);
}

void Sender::ask(std::shared_ptr<Routing> routing, std::vector<dns::Question> questions) {
  SimWorld& world = node_.world();
  std::ranges::sort(questions);
  questions.erase(std::ranges::unique(questions).begin(), questions.end());
  Duration longest{1};
  for (dns::Question const& question : questions) {
    Duration took = world.random.between(Duration{1}, Duration{80});
    dns::Answer answer = world.sites.answer(question, world.time.now());
    if (world.faulty() && world.random.hits(world.scenario.dns_faults)) {
      auto const failure = static_cast<dns::Failure>(world.random.below(4));
      answer = dns::Failed{failure};
      if (failure == dns::Failure::timeout) took = std::chrono::seconds{15};
      world.time.note("dns fault", static_cast<std::uint64_t>(failure), 0, question.name);
    }
    routing->facts.insert_or_assign(question, std::move(answer));
    longest = std::max(longest, took);
  }
  node_.after(longest, [this, routing = std::move(routing)] { route(routing); });
}

void Sender::submit(Routing& routing) {
  for (Group const& group : routing.groups)
    settle_all(routing, group.recipients, given_back(queue::Reason::dns_failed));
  for (auto& [site, job] : routing.jobs) {
    JobId const id = next_job_++;
    std::string const name = site;
    std::ranges::sort(job.recipients);
    waiting_.emplace(id, std::move(job));
    if (stopping_)
      give_back(id, given_back(queue::Reason::shutting_down));
    else
      tell(delivery::JobArrived{id, name});
  }
}

void Sender::settle_all(Routing const& routing, std::vector<std::uint32_t> const& recipients,
                        queue::Outcome const& outcome) {
  queue::AttemptDone done{routing.lease.lease, routing.lease.id, {}, {}};
  for (std::uint32_t const recipient : recipients) done.outcomes.push_back({recipient, outcome});
  node_.settle(std::move(done), routing.lease.message);
}

void Sender::tell(delivery::PoolEvent const& event) {
  delivery::PoolEffects effects;
  pool_.handle(event, node_.world().time.now(), effects);
  for (delivery::PoolEffect const& effect : effects) execute(effect);
}

Job Sender::take_job(JobId id) {
  auto found = waiting_.extract(id);
  PB_CHECK(!found.empty());
  return std::move(found.mapped());
}

void Sender::execute(delivery::PoolEffect const& effect) {
  if (auto const* open = std::get_if<delivery::OpenSlot>(&effect)) {
    Slot& slot = slots_[open->slot];
    slot.attempt = std::make_unique<Attempt>(*this, open->slot);
    Job const job = take_job(open->job);
    slot.site = job.route.site;
    SimWorld& world = node_.world();
    for (auto& checker : world.checkers) checker->on_site(pool_.view(slot.site), world.scenario);
    SlotId const id = open->slot;
    node_.after(Duration{0}, [this, id, job] { slots_.at(id).attempt->start(job); });
  } else if (auto const* use = std::get_if<delivery::UseSlot>(&effect)) {
    Slot& slot = slots_.at(use->slot);
    slot.next = use->job;
    slot.then = Slot::Then::use;
    if (slot.idle) node_.after(Duration{0}, [this, id = use->slot] { after_job(id); });
  } else if (auto const* keep = std::get_if<delivery::KeepSlot>(&effect)) {
    slots_.at(keep->slot).then = Slot::Then::keep;
  } else if (auto const* close = std::get_if<delivery::CloseSlot>(&effect)) {
    slots_.at(close->slot).then = Slot::Then::close;
  } else if (auto const* back = std::get_if<delivery::GiveBack>(&effect)) {
    queue::Deferred deferred = given_back(back->reason);
    deferred.retry_at = node_.clock().now() + (back->retry_at - node_.world().time.now());
    give_back(back->job, deferred);
  } else if (auto const* wake = std::get_if<delivery::WakeAt>(&effect)) {
    if (waking_at_ && *waking_at_ <= wake->at) return;
    waking_at_ = wake->at;
    node_.after(wake->at - node_.world().time.now(), [this] {
      waking_at_.reset();
      tell(delivery::Tick{});
    });
  }
}

void Sender::settle_some(Job const& job, std::vector<queue::RecipientOutcome> outcomes) {
  if (outcomes.empty()) return;
  node_.settle({job.lease.lease, job.lease.id, std::move(outcomes), {}}, job.lease.message);
}

void Sender::attempt_over(SlotId id, std::vector<queue::RecipientOutcome> outcomes,
                          delivery::Showed showed) {
  settle_some(slots_.at(id).attempt->job(), std::move(outcomes));
  node_.after(Duration{0}, [this, id, showed] {
    Slot& slot = slots_.at(id);
    ++slot.messages;
    tell(delivery::AttemptShowed{id, showed});
    bool const usable = slot.attempt->connection_usable();
    slot.then = Slot::Then::close;
    if (usable && !stopping_ && slot.messages < messages_per_connection)
      tell(delivery::SlotIdle{id});
    after_job(id);
  });
}

/// The pool has said what the slot is to do next.
void Sender::after_job(SlotId id) {
  auto const at = slots_.find(id);
  if (at == slots_.end()) return;
  Slot& slot = at->second;
  slot.idle = false;
  switch (slot.then) {
    case Slot::Then::close:
      return end_slot(id);
    case Slot::Then::use:
      slot.then = Slot::Then::close;
      return slot.attempt->start(take_job(std::exchange(slot.next, 0)));
    case Slot::Then::keep:
      slot.idle = true;
      node_.after(idle_keep, [this, id, idles = ++slot.idles] {
        auto const kept = slots_.find(id);
        if (kept == slots_.end() || !kept->second.idle || kept->second.idles != idles) return;
        if (kept->second.then == Slot::Then::keep) end_slot(id);
      });
  }
}

/// The connection of an idle slot is gone.
void Sender::slot_lost(SlotId id) {
  auto const at = slots_.find(id);
  if (at == slots_.end() || !at->second.idle || at->second.then != Slot::Then::keep) return;
  at->second.idle = false;
  node_.after(Duration{0}, [this, id] { end_slot(id); });
}

void Sender::end_slot(SlotId id) {
  auto const at = slots_.find(id);
  if (at == slots_.end()) return;
  at->second.attempt->close();
  slots_.erase(at);
  tell(delivery::SlotEnded{id});
}

void Sender::give_back(JobId id, queue::Deferred const& deferred) {
  auto const found = waiting_.extract(id);
  if (found.empty()) return;
  Job const& job = found.mapped();
  queue::AttemptDone done{job.lease.lease, job.lease.id, {}, {}};
  for (std::uint32_t const recipient : job.recipients)
    done.outcomes.push_back({recipient, deferred});
  node_.settle(std::move(done), job.lease.message);
}

void Sender::revoke(queue::LeaseId lease) {
  std::vector<JobId> revoked;
  for (auto const& [id, job] : waiting_)
    if (job.lease.lease == lease) revoked.push_back(id);
  std::ranges::sort(revoked);
  for (JobId const id : revoked) {
    if (std::ranges::any_of(slots_, [id](auto const& e) { return e.second.next == id; })) continue;
    tell(delivery::Withdrawn{id});
    give_back(id, given_back(queue::Reason::held_by_admin));
  }
}

void Sender::stop() {
  stopping_ = true;
  std::vector<JobId> untaken;
  for (auto const& [id, job] : waiting_)
    if (std::ranges::none_of(slots_, [id](auto const& e) { return e.second.next == id; }))
      untaken.push_back(id);
  std::ranges::sort(untaken);
  for (JobId const id : untaken) {
    tell(delivery::Withdrawn{id});
    give_back(id, given_back(queue::Reason::shutting_down));
  }
  for (auto& [id, slot] : slots_) {
    if (slot.idle && slot.then == Slot::Then::keep) {
      slot.idle = false;
      node_.after(Duration{0}, [this, id] { end_slot(id); });
    } else {
      slot.attempt->cancel();
    }
  }
}
}  // namespace pb::sim
