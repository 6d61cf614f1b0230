// delivery_agent.cpp: executes the site pool's effects; a coroutine a lease and one a slot.
// Spec: delivery/site_pool.hpp.                                   Tests: delivery_agent_test.cpp
#include "runtime/delivery_agent.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "runtime/local_delivery.hpp"

namespace pb::runtime {
using delivery::JobId;
using delivery::SlotId;

namespace {
constexpr std::size_t shared_buffer_octets = 64 * 1024;
constexpr std::size_t domains_remembered_max = 10'000;  // for `explain`

queue::Deferred given_back(queue::Reason reason) {
  queue::Deferred out;
  out.reason = reason;
  out.attempted = false;
  return out;
}

/// Recipients of a lease that go the same way, before the DNS is asked.
struct DomainGroup {
  std::string domain;
  mail::ReversePath reverse_path;
  delivery::RouteRule rule;
  std::vector<std::uint32_t> recipients;
};
}  // namespace

struct DeliveryAgent::Impl : std::enable_shared_from_this<Impl> {
  Impl(DeliveryAgentParts given, std::shared_ptr<DeliverySettings const> first)
      : parts{std::move(given)},
        settings{std::move(first)},
        buffer(shared_buffer_octets),
        tools{parts.tls, parts.clock, parts.random, parts.log, buffer, &sessions},
        pool{settings->site_limits},
        wake_timer{parts.loop} {}

  using OwnConnection = std::unique_ptr<SmtpClientConnection>;
  struct Slot {
    OwnConnection connection;
    JobId next = 0;
    std::size_t messages = 0;
    bool is_waiting = false;  // in stay_idle()
    bool cancelled = false;
    enum class Then : std::uint8_t { close, keep, use } then = Then::close;
  };

  asio::awaitable<void> run_lease(LeasedMessage leased);
  [[nodiscard]] std::vector<DomainGroup> group(LeasedMessage const& leased);
  asio::awaitable<void> route_groups(LeasedMessage leased, std::vector<DomainGroup> groups);
  asio::awaitable<void> run_slot(SlotId id, std::shared_ptr<Slot> slot);
  /// self: the connection writes into our scratch memory, and may outlive the agent's owner.
  static asio::awaitable<void> close_quietly(std::shared_ptr<Impl> self, OwnConnection connection);
  void tell(delivery::PoolEvent const& event);
  void execute(delivery::PoolEffect const& effect);
  void wake_at(Instant at);
  void settle(LeasedMessage const& leased, std::vector<queue::RecipientOutcome> outcomes,
              std::vector<queue::Transcript> transcripts = {});
  void settle_all(LeasedMessage const& leased, std::vector<std::uint32_t> const& recipients,
                  queue::Outcome const& outcome);
  void give_back(JobId job, queue::Deferred const& deferred);
  void revoke(queue::LeaseId lease);
  void stop(std::function<void()> done);
  void call_when_stopped();
  void log_faults(LeasedMessage const& leased,
                  std::vector<queue::RecipientOutcome> const& outcomes);

  DeliveryAgentParts parts;
  std::shared_ptr<DeliverySettings const> settings;  // shared: attempts keep what they began with
  std::vector<char> buffer;
  TlsSessions sessions;  // of the loop, as everything here
  DeliveryTools tools;
  delivery::SitePool pool;
  asio::steady_timer wake_timer;
  std::optional<Instant> waking_at;
  std::unordered_map<std::string, std::string> site_of;     // by domain
  std::unordered_map<JobId, DeliveryJob> waiting;           // jobs that no slot has taken yet
  std::unordered_map<SlotId, std::shared_ptr<Slot>> slots;  // shared with their coroutines
  JobId next_job = 1;
  std::size_t leases_routing = 0;
  bool stopping = false;
  std::function<void()> on_stopped;
};

std::vector<DomainGroup> DeliveryAgent::Impl::group(LeasedMessage const& leased) {
  delivery::RoutingTable const& table = *settings->routes;
  std::optional<delivery::Via> ordered;
  if (!leased.lease.via.empty())
    if (auto via = delivery::parse_via(leased.lease.via)) ordered = std::move(*via);
  std::map<std::string, std::size_t, std::less<>> index;
  std::vector<DomainGroup> groups;
  for (std::uint32_t const recipient : leased.lease.recipients) {
    std::string domain =
        leased.lease.message->envelope.forward_paths[recipient].mailbox.domain.key();
    mail::ReversePath reverse_path = leased.lease.message->reverse_path_for(recipient);
    // One transaction has one MAIL FROM.
    auto const [found, is_new] =
        index.try_emplace(domain + ' ' + reverse_path.text(), groups.size());
    if (is_new) {
      DomainGroup made{domain, std::move(reverse_path), table.rule_for(domain), {}};
      auto const local = table.local_domains.find(domain);
      if (local != table.local_domains.end()) made.rule.via = {local->second};
      if (ordered) made.rule.via = {*ordered};
      groups.push_back(std::move(made));
    }
    groups[found->second].recipients.push_back(recipient);
  }
  return groups;
}

asio::awaitable<void> DeliveryAgent::Impl::run_lease(LeasedMessage leased) {
  auto const self = shared_from_this();  // shared: this coroutine may outlive the agent's owner
  ++leases_routing;
  std::vector<DomainGroup> remote;
  for (DomainGroup& group : group(leased)) {
    if (is_local(group.rule.via)) {
      parts.sending(leased.lease.lease, leased.lease.id);
      LocalDelivery const local{group.rule.via.front(), group.domain, group.recipients};
      settle(leased, co_await deliver_locally(leased, local, *settings->routes, parts.pool,
                                              *parts.directory.get(), tools));
    } else {
      remote.push_back(std::move(group));
    }
  }
  if (!remote.empty()) co_await route_groups(std::move(leased), std::move(remote));
  --leases_routing;
  call_when_stopped();
}

asio::awaitable<void> DeliveryAgent::Impl::route_groups(LeasedMessage leased,
                                                        std::vector<DomainGroup> groups) {
  constexpr int rounds_max = 4;  // MX, then addresses: two are enough
  std::shared_ptr<delivery::RoutingTable const> const table = settings->routes;
  std::uint64_t const seed = parts.random.next();
  dns::Facts facts;
  std::map<std::string, DeliveryJob> jobs;  // by site and reverse-path
  for (int round = 0; round < rounds_max && !groups.empty(); ++round) {
    std::vector<dns::Question> questions;
    std::vector<DomainGroup> unanswered;
    for (DomainGroup& group : groups) {
      auto answer = delivery::find_route(group.domain, group.rule, *table, facts, seed);
      if (auto* asked = std::get_if<std::vector<dns::Question>>(&answer)) {
        questions.insert(questions.end(), asked->begin(), asked->end());
        unanswered.push_back(std::move(group));
      } else if (auto const* outcome = std::get_if<queue::Outcome>(&answer)) {
        settle_all(leased, group.recipients, *outcome);
      } else {
        delivery::Route& route = std::get<delivery::Route>(answer);
        if (site_of.size() >= domains_remembered_max) site_of.clear();
        site_of[group.domain] = route.site;
        auto const [job, is_new] =
            jobs.try_emplace(route.site + ' ' + group.reverse_path.text(),
                             DeliveryJob{leased, route, {}, group.reverse_path});
        auto& recipients = job->second.recipients;
        recipients.insert(recipients.end(), group.recipients.begin(), group.recipients.end());
      }
    }
    groups = std::move(unanswered);
    std::ranges::sort(questions);
    questions.erase(std::ranges::unique(questions).begin(), questions.end());
    if (!questions.empty()) co_await ask_all(parts.resolver, std::move(questions), facts);
  }
  for (DomainGroup const& group : groups)
    settle_all(leased, group.recipients, queue::Outcome{given_back(queue::Reason::dns_failed)});
  for (auto& [key, job] : jobs) {
    JobId const id = next_job++;
    std::string const site = job.route.site;
    std::ranges::sort(job.recipients);
    waiting.emplace(id, std::move(job));
    if (stopping)
      give_back(id, given_back(queue::Reason::shutting_down));
    else
      tell(delivery::JobArrived{id, site});
  }
}

void DeliveryAgent::Impl::tell(delivery::PoolEvent const& event) {
  delivery::PoolEffects effects;
  pool.handle(event, parts.clock.now(), effects);
  for (delivery::PoolEffect const& effect : effects) execute(effect);
}

void DeliveryAgent::Impl::execute(delivery::PoolEffect const& effect) {
  if (auto const* open = std::get_if<delivery::OpenSlot>(&effect)) {
    auto slot = std::make_shared<Slot>();
    slot->next = open->job;
    slots.emplace(open->slot, slot);
    asio::co_spawn(parts.loop, run_slot(open->slot, std::move(slot)), asio::detached);
  } else if (auto const* use = std::get_if<delivery::UseSlot>(&effect)) {
    Slot& slot = *slots.at(use->slot);
    slot.next = use->job;
    slot.then = Slot::Then::use;
    if (slot.is_waiting && slot.connection) slot.connection->interrupt();
  } else if (auto const* keep = std::get_if<delivery::KeepSlot>(&effect)) {
    slots.at(keep->slot)->then = Slot::Then::keep;
  } else if (auto const* close = std::get_if<delivery::CloseSlot>(&effect)) {
    slots.at(close->slot)->then = Slot::Then::close;
  } else if (auto const* back = std::get_if<delivery::GiveBack>(&effect)) {
    queue::Deferred deferred = given_back(back->reason);
    deferred.retry_at = back->retry_at;
    give_back(back->job, deferred);
  } else if (auto const* wake = std::get_if<delivery::WakeAt>(&effect)) {
    wake_at(wake->at);
  }
}

void DeliveryAgent::Impl::wake_at(Instant at) {
  if (waking_at && *waking_at <= at) return;
  waking_at = at;
  wake_timer.expires_after(std::max(Duration{1}, at - parts.clock.now()));
  wake_timer.async_wait([self = shared_from_this()](boost::system::error_code const& error) {
    if (error || self->stopping) return;
    self->waking_at.reset();
    self->tell(delivery::Tick{});
  });
}

asio::awaitable<void> DeliveryAgent::Impl::run_slot(SlotId id, std::shared_ptr<Slot> slot) {
  auto const self = shared_from_this();  // shared: see run_lease
  for (;;) {
    auto found = waiting.extract(std::exchange(slot->next, 0));
    PB_CHECK(!found.empty());
    DeliveryJob const job = std::move(found.mapped());
    parts.sending(job.leased.lease.lease, job.leased.lease.id);
    SettleSome const settle_some = [&](auto outcomes, auto transcripts) {
      settle(job.leased, std::move(outcomes), std::move(transcripts));
    };
    AttemptResult result = co_await attempt_delivery(settings, tools, job, slot->connection,
                                                     slot->cancelled, settle_some);
    log_faults(job.leased, result.outcomes);
    settle(job.leased, std::move(result.outcomes), std::move(result.transcripts));
    ++slot->messages;
    tell(delivery::AttemptShowed{id, result.showed});
    bool const usable = slot->connection && slot->connection->usable();
    if (!usable || slot->cancelled || slot->messages >= settings->messages_per_connection) break;
    slot->then = Slot::Then::close;
    tell(delivery::SlotIdle{id});
    if (slot->then == Slot::Then::keep) {
      slot->is_waiting = true;
      bool const good = co_await slot->connection->stay_idle(settings->idle_keep);
      slot->is_waiting = false;
      // One that nobody wanted in time is closed below, with QUIT (RFC 5321 §4.1.1.10).
      if (!good && slot->then == Slot::Then::use) slot->connection.reset();
    }
    if (slot->then != Slot::Then::use) break;
  }
  if (slot->connection)
    asio::co_spawn(parts.loop, close_quietly(shared_from_this(), std::move(slot->connection)),
                   asio::detached);
  slots.erase(id);
  tell(delivery::SlotEnded{id});
  call_when_stopped();
}

asio::awaitable<void> DeliveryAgent::Impl::close_quietly(std::shared_ptr<Impl> self,
                                                         OwnConnection connection) {
  co_await connection->quit();
  connection.reset();  // before self
}

void DeliveryAgent::Impl::settle(LeasedMessage const& leased,
                                 std::vector<queue::RecipientOutcome> outcomes,
                                 std::vector<queue::Transcript> transcripts) {
  if (outcomes.empty()) return;
  parts.settle({leased.lease.lease, leased.lease.id, std::move(outcomes), std::move(transcripts)});
}

void DeliveryAgent::Impl::settle_all(LeasedMessage const& leased,
                                     std::vector<std::uint32_t> const& recipients,
                                     queue::Outcome const& outcome) {
  std::vector<queue::RecipientOutcome> outcomes;
  for (std::uint32_t const recipient : recipients) outcomes.push_back({recipient, outcome});
  log_faults(leased, outcomes);
  settle(leased, std::move(outcomes));
}

void DeliveryAgent::Impl::give_back(JobId id, queue::Deferred const& deferred) {
  auto const found = waiting.extract(id);
  if (found.empty()) return;
  DeliveryJob const& job = found.mapped();
  std::vector<queue::RecipientOutcome> outcomes;
  for (std::uint32_t const recipient : job.recipients) outcomes.push_back({recipient, deferred});
  settle(job.leased, std::move(outcomes));
}

void DeliveryAgent::Impl::log_faults(LeasedMessage const& leased,
                                     std::vector<queue::RecipientOutcome> const& outcomes) {
  for (queue::RecipientOutcome const& outcome : outcomes) {
    auto const* deferred = std::get_if<queue::Deferred>(&outcome.outcome);
    if (!deferred || !delivery::is_operator_fault(deferred->reason)) continue;
    parts.log.error("delivery_fault", {{"message", leased.lease.id.text()},
                                       {"reason", std::string{name(deferred->reason)}},
                                       {"host", deferred->reply.host},
                                       {"reply", deferred->reply.text}});
    return;  // once a message
  }
}

void DeliveryAgent::Impl::revoke(queue::LeaseId lease) {
  std::vector<JobId> revoked;
  for (auto const& [id, job] : waiting)
    if (job.leased.lease.lease == lease) revoked.push_back(id);
  for (JobId const id : revoked) {
    bool const taken =
        std::ranges::any_of(slots, [id](auto const& entry) { return entry.second->next == id; });
    if (taken) continue;
    tell(delivery::Withdrawn{id});
    give_back(id, given_back(queue::Reason::held_by_admin));
  }
}

void DeliveryAgent::Impl::stop(std::function<void()> done) {
  stopping = true;
  on_stopped = std::move(done);
  std::vector<JobId> untaken;
  for (auto const& [id, job] : waiting)
    if (std::ranges::none_of(slots, [id](auto const& entry) { return entry.second->next == id; }))
      untaken.push_back(id);
  for (JobId const id : untaken) {
    tell(delivery::Withdrawn{id});
    give_back(id, given_back(queue::Reason::shutting_down));
  }
  for (auto const& [id, slot] : slots) {
    slot->cancelled = true;
    if (slot->connection) slot->connection->cancel();
  }
  wake_timer.cancel();
  call_when_stopped();
}

void DeliveryAgent::Impl::call_when_stopped() {
  if (!stopping || !slots.empty() || leases_routing != 0 || !on_stopped) return;
  std::exchange(on_stopped, {})();
}

DeliveryAgent::DeliveryAgent(DeliveryAgentParts parts,
                             std::shared_ptr<DeliverySettings const> settings)
    : impl_{std::make_shared<Impl>(std::move(parts), std::move(settings))} {}
DeliveryAgent::~DeliveryAgent() = default;

void DeliveryAgent::start(LeasedMessage leased) {
  asio::post(impl_->parts.loop, [impl = impl_, leased = std::move(leased)]() mutable {
    if (impl->stopping) {
      std::vector<std::uint32_t> const recipients = leased.lease.recipients;
      return impl->settle_all(leased, recipients,
                              queue::Outcome{given_back(queue::Reason::shutting_down)});
    }
    asio::co_spawn(impl->parts.loop, impl->run_lease(std::move(leased)), asio::detached);
  });
}

void DeliveryAgent::revoke(queue::LeaseId lease) {
  asio::post(impl_->parts.loop, [impl = impl_, lease] { impl->revoke(lease); });
}

void DeliveryAgent::reload(std::shared_ptr<DeliverySettings const> settings) {
  asio::post(impl_->parts.loop, [impl = impl_, settings = std::move(settings)]() mutable {
    impl->settings = std::move(settings);
  });
}

void DeliveryAgent::stop(std::function<void()> done) {
  asio::post(impl_->parts.loop,
             [impl = impl_, done = std::move(done)]() mutable { impl->stop(std::move(done)); });
}

delivery::SiteView DeliveryAgent::site(std::string const& name) const {
  return impl_->pool.view(name);
}

std::optional<DeliveryAgent::DomainView> DeliveryAgent::look_at(std::string const& domain) const {
  auto const done = std::make_shared<std::promise<std::optional<DomainView>>>();  // with the loop
  auto answer = done->get_future();
  asio::post(impl_->parts.loop, [impl = impl_, domain, done] {
    auto const site = impl->site_of.find(domain);
    if (site == impl->site_of.end()) return done->set_value(std::nullopt);
    done->set_value(DomainView{site->second, impl->pool.view(site->second)});
  });
  if (answer.wait_for(std::chrono::seconds{1}) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

DeliveryCounts DeliveryAgent::counts() const {
  return {impl_->waiting.size() + impl_->leases_routing, impl_->pool.slots(), impl_->pool.sites()};
}
}  // namespace pb::runtime
