// node.cpp: see node.hpp.                       Spec: queue/event.hpp (the order of effects).
#include "sim/node.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "queue/message_record.hpp"
#include "sim/world.hpp"

namespace pb::sim {
using queue::Durability;
using queue::Effects;
using queue::Family;

namespace {
constexpr Duration settle_sync_wait{50};

queue::QueueSettings settings_of(Scenario const& scenario, std::uint64_t first_sequence) {
  queue::QueueSettings settings;
  settings.leases_max = scenario.leases_max;
  settings.leases_per_domain_max = scenario.leases_per_domain_max;
  settings.first_sequence = first_sequence;
  settings.hash_seed = 42;
  settings.slice = 8;
  return settings;
}
}  // namespace

Node::Node(SimWorld& world)
    : world_{world}, clock_{world.time, world.skew}, sender_{std::make_unique<Sender>(*this)} {
  std::uint64_t sequence = 1;
  for (auto const& [key, value] : world.store.records(Family::journal))
    if (auto const found = journal::parse_entry_key(key)) sequence = std::max(sequence, *found + 1);
  queue_.emplace(settings_of(world.scenario, sequence), world.random);
}

Node::~Node() {
  for (auto const& session : sessions_) session->abandon();
}

void Node::after(Duration wait, std::function<void()> action) {
  world_.time.after(wait, [alive = std::weak_ptr<int>{alive_}, action = std::move(action)] {
    if (!alive.expired()) action();
  });
}

void Node::start(std::set<std::uint64_t> const& in_flight) {
  std::map<std::uint64_t, queue::Recovered> found;
  for (auto const& [key, value] : world_.store.records(Family::envelopes)) {
    auto const parsed = queue::parse_key(key);
    PB_CHECK(parsed);
    queue::Recovered& message = found[parsed->id.value()];
    switch (parsed->kind) {
      case queue::KeyKind::envelope:
        message.record = *queue::decode_message(parsed->id, value);
        break;
      case queue::KeyKind::note:
        message.note = *queue::decode_note(value);
        break;
      case queue::KeyKind::state:
        message.states.emplace_back(parsed->recipient, *queue::decode_state(value));
        break;
    }
  }
  std::vector<QueueId> unnamed;
  for (auto const& [id, bytes] : world_.store.files())
    if (!found.contains(id)) unnamed.emplace_back(id);
  for (QueueId const id : unnamed) world_.store.drop_file(id);
  // An id of a message that is gone stays in the journal: it is not given again.
  for (auto const& [key, value] : world_.store.records(Family::journal))
    if (auto const sequence = journal::parse_entry_key(key))
      if (auto const entry = journal::decode(*sequence, value)) ids_.pass(entry->id);
  Effects out;
  for (auto& [id, message] : found) {
    if (message.record.message.id == QueueId{}) continue;  // a state without its envelope
    ids_.pass(QueueId{id});
    message.was_in_flight = in_flight.contains(id);
    queue_->handle(std::move(message), clock_.now(), out);
  }
  world_.time.note("queue read back", found.size(), in_flight.size());
  proceed(std::move(out));
}

void Node::open_session(std::shared_ptr<Wire> wire, Caller caller) {
  ++world_.counts.sessions;
  auto link = std::make_shared<ServerLink>(*this, std::move(wire), caller);
  sessions_.push_back(link);
  link->start();
  if (draining_) link->finish_soon();
}

void Node::session_over(SessionSummary const& summary) {
  for (auto& checker : world_.checkers) checker->on_session_over(summary);
  after(Duration{0}, [this] {
    std::erase_if(sessions_, [](auto const& session) { return session->over(); });
    check_drained();
  });
}

QueueId Node::make_id() { return ids_.next(clock_.now(), world_.random); }

std::shared_ptr<Node::Ticket> Node::accept(queue::NewMessage message,
                                           std::function<void(queue::CommitVerdict)> done) {
  auto ticket = std::make_shared<Ticket>();  // shared with the session that waits
  ticket->done = done ? std::move(done) : [](queue::CommitVerdict) {};
  auto const shared = std::make_shared<queue::NewMessage const>(std::move(message));  // by the item
  post([this, ticket, shared](Effects& out) {
    queue::TicketId const id{next_ticket_++};
    tickets_.emplace(id.value, ticket);
    queue_->handle(queue::Accepted{id, *shared}, clock_.now(), out);
  });
  return ticket;
}

void Node::settle(queue::AttemptDone done, std::shared_ptr<queue::QueuedMessage const> message) {
  if (world_.planted(Plant::settle_lost) && world_.random.one_in(50)) return;
  post([this, event = queue::Settled{std::move(done), std::move(message)}](Effects& out) mutable {
    world_.settled(event.done, clock_.now());
    queue_->handle(event, clock_.now(), out);
    std::uint64_t const lease = event.done.lease.value;
    if (!queue_->is_open(lease)) in_flight_.erase(lease);
  });
}

void Node::sending(queue::LeaseId lease, QueueId id) {
  in_flight_[lease.value] = id.value();
  world_.sending(id);
}

void Node::order(queue::AdminRequest request) {
  post([this, request = std::move(request)](Effects& out) {
    queue_->handle(queue::Admin{queue::TicketId{next_ticket_++}, request}, clock_.now(), out);
  });
}

void Node::post(Item item) {
  if (item) inbox_.push_back(std::move(item));
  if (busy_ || std::exchange(scheduled_, true)) return;
  after(Duration{0}, [this] {
    scheduled_ = false;
    if (!busy_) run();
  });
}

void Node::run() {
  Effects out;
  out.wake_at = wake_at_;
  for (Item const& item : std::exchange(inbox_, {})) item(out);
  Instant const now = clock_.now();
  if (out.wake_at && *out.wake_at <= now) {
    wake_at_.reset();  // an operator's order may want the same moment again
    queue_->handle(queue::Timer{}, now, out);
  }
  proceed(std::move(out));
}

/// Executes effects until none is left, or the disk has to be waited for.
void Node::proceed(Effects out) {
  while (out.asks_for_work()) {
    Effects work = std::exchange(out, {});
    out.wake_at = work.wake_at;
    if (work.writes.empty()) {
      finish(std::move(work), true, out);
      continue;
    }
    bool const written = world_.store.write(work.writes);
    world_.time.note("writes", work.writes.size(), work.tickets.size());
    world_.written();
    if (!written || work.durability == Durability::soon) {
      if (written) sync_soon();
      finish(std::move(work), written, out);
      continue;
    }
    busy_ = true;
    world_.syncing(true);
    SimRandom& dice = world_.random;
    Duration took = dice.between(Duration{1}, Duration{12});
    if (world_.faulty() && dice.hits(world_.scenario.slow_syncs))
      took = dice.between(std::chrono::seconds{5}, std::chrono::seconds{50});
    after(took, [this, work = std::move(work)]() mutable {
      busy_ = false;
      world_.syncing(false);
      bool const ok = world_.store.sync();
      Effects next;
      next.wake_at = work.wake_at;
      finish(std::move(work), ok, next);
      proceed(std::move(next));
    });
    return;
  }
  schedule_wake(out.wake_at);
  for (auto& checker : world_.checkers) checker->on_queue(queue_->stats(), world_.scenario);
  if (!inbox_.empty()) post({});
  check_drained();
}

void Node::finish(Effects work, bool ok, Effects& out) {
  if (!work.tickets.empty()) answer_commit(work, ok, out);
  if (!ok) store_failed(out);
  drops_waiting_.insert(drops_waiting_.end(), work.drop_bodies.begin(), work.drop_bodies.end());
  if (world_.planted(Plant::early_unlink) ||
      (ok && !work.writes.empty() && work.durability == Durability::synced)) {
    for (QueueId const id : std::exchange(drops_waiting_, {})) world_.store.drop_file(id);
  }
  for (queue::Answer const& answer : work.answers) {
    auto node = tickets_.extract(answer.ticket.value);
    if (node.empty()) continue;
    if (auto done = std::exchange(node.mapped()->done, nullptr)) done(answer.verdict);
  }
  for (queue::Lease& lease : work.leases) start_lease(std::move(lease));
  for (queue::LeaseId const lease : work.revoked) sender_->revoke(lease);
  for (queue::ReportRequest& report : work.reports) make_report(std::move(report));
}

void Node::answer_commit(Effects const& work, bool ok, Effects& out) {
  queue::Committed committed{.tickets = work.tickets, .ok = ok, .withdrawn = {}};
  for (queue::TicketId const id : work.tickets) {
    auto const at = tickets_.find(id.value);
    PB_CHECK(at != tickets_.end());
    if (!at->second->withdrawn) continue;
    committed.withdrawn.push_back(id);
    tickets_.erase(at);
    world_.time.note("withdrawn", id.value);
  }
  queue_->handle(committed, clock_.now(), out);
}

void Node::store_failed(Effects& out) {
  queue_->handle(queue::StoreFailed{}, clock_.now(), out);
  if (std::exchange(store_failed_, true)) return;
  ++world_.counts.store_failures;
  world_.time.note("store failed");
  world_.store_failed();
}

/// Settles are durable within 100 ms.
void Node::sync_soon() {
  if (std::exchange(sync_due_, true)) return;
  after(settle_sync_wait, [this] {
    sync_due_ = false;
    if (busy_ || store_failed_) return;
    Effects out;
    out.wake_at = wake_at_;
    if (world_.store.sync()) {
      for (QueueId const id : std::exchange(drops_waiting_, {})) world_.store.drop_file(id);
      return;
    }
    store_failed(out);
    proceed(std::move(out));
  });
}

void Node::schedule_wake(std::optional<Instant> at) {
  if (at == wake_at_ && at) return;
  wake_at_ = at;
  if (!at) return;
  Duration const wait = std::max(Duration{0}, *at - clock_.now());
  after(wait, [this, number = ++wakes_] {
    if (number != wakes_) return;
    bool const early = wake_at_ && *wake_at_ > clock_.now();  // the clock was put back
    auto const again = std::exchange(wake_at_, std::nullopt);
    if (early) return schedule_wake(again);
    wake_at_ = again;
    post({});
  });
}

std::shared_ptr<std::string const> Node::content_of(queue::QueuedMessage const& m) const {
  auto inline_bytes = world_.store.read(Family::bodies, queue::body_key(m.id));
  if (!inline_bytes) return nullptr;
  std::string content = m.trace + *inline_bytes;
  if (m.body_in_file) {
    auto const file = world_.store.files().find(m.id.value());
    if (file == world_.store.files().end()) return nullptr;
    content += file->second;
  }
  if (world_.planted(Plant::content_changed) && content.size() > 600) content[580] ^= 1;
  return std::make_shared<std::string const>(std::move(content));
}

void Node::start_lease(queue::Lease lease) {
  world_.leased(lease, clock_.now());
  if (world_.planted(Plant::lease_twice) && world_.random.one_in(20) && lease.message)
    sender_->start(lease, content_of(*lease.message));
  auto const go = [this](queue::Lease lent) {
    bool const damaged = world_.faulty() && world_.random.hits(world_.scenario.unreadable);
    auto content = lent.message && !damaged ? content_of(*lent.message) : nullptr;
    if (content) return sender_->start(std::move(lent), std::move(content));
    world_.unreadable(lent.id);
    post([this, id = lent.lease](Effects& out) {
      queue_->handle(queue::LeaseUnreadable{id}, clock_.now(), out);
    });
  };
  if (lease.message != nullptr) return go(std::move(lease));
  after(Duration{2}, [this, lease = std::move(lease), go]() mutable {
    auto const bytes = world_.store.read(Family::envelopes, queue::envelope_key(lease.id));
    if (bytes) {
      auto record = queue::decode_message(lease.id, *bytes);
      if (record)
        lease.message = std::make_shared<queue::QueuedMessage const>(std::move(record->message));
    }
    go(std::move(lease));
  });
}

void Node::make_report(queue::ReportRequest report) {
  if (report.message == nullptr) {
    auto const bytes = world_.store.read(Family::envelopes, queue::envelope_key(report.id));
    auto record = bytes ? queue::decode_message(report.id, *bytes) : std::nullopt;
    if (record)
      report.message = std::make_shared<queue::QueuedMessage const>(std::move(record->message));
  }
  queue::Reported nobody{.id = report.id, .recipients = {}};
  std::erase_if(report.items, [&](queue::ReportItem const& item) {
    bool const wanted = report.message && queue::report_wanted(*report.message, item);
    if (!wanted) nobody.recipients.push_back(item.recipient);
    return !wanted;
  });
  if (world_.planted(Plant::null_report) && report.message && !nobody.recipients.empty())
    world_.reported(*report.message,
                    {.recipient = nobody.recipients.front(), .state = {}, .status = {}});
  if (!nobody.recipients.empty())
    post([this, nobody](Effects& out) { queue_->handle(nobody, clock_.now(), out); });
  if (!report.items.empty()) submit_report(report);
}

/// A stand-in for report/dsn: what matters here is who is told and what becomes of it.
void Node::submit_report(queue::ReportRequest const& report) {
  queue::QueuedMessage const& original = *report.message;
  for (queue::ReportItem const& item : report.items) world_.reported(original, item);
  queue::NewMessage made;
  queue::QueuedMessage& m = made.record.message;
  m.id = make_id();
  m.accepted_at = clock_.now();
  m.expires_at = m.accepted_at + std::chrono::hours{world_.scenario.expire_hours};
  m.envelope.forward_paths.push_back({original.reverse_path_for(0).mailbox.value(), {}, ""});
  m.listener = "report";
  m.trace = "Received: by mx.our.test\r\n\tid " + m.id.text() + ";\r\n\tnow\r\n";
  made.inline_bytes = "From: <postmaster@our.test>\r\nSubject: report\r\n\r\nIt did not go.\r\n";
  m.body_octets = made.record.inline_octets = made.inline_bytes.size();
  made.record.phases = {queue::Phase::due};
  made.report_of = queue::NewMessage::ReportOf{original.id, {}};
  for (queue::ReportItem const& item : report.items)
    made.report_of->recipients.push_back(item.recipient);
  world_.accepting_report(made, original.id);
  accept(std::move(made), {});
}

std::set<std::uint64_t> Node::in_flight() const {
  std::set<std::uint64_t> out;
  for (auto const& [lease, id] : in_flight_) out.insert(id);
  return out;
}

void Node::drain(std::function<void()> done) {
  draining_ = true;
  on_drained_ = std::move(done);
  sender_->stop();
  auto const open = sessions_;
  for (auto const& session : open) session->finish_soon();
  after(std::chrono::seconds{60}, [this] {
    if (on_drained_) std::exchange(on_drained_, nullptr)();
  });
  check_drained();
}

void Node::check_drained() {
  bool const quiet = sessions_.empty() && sender_->slots() == 0 && !busy_ && inbox_.empty();
  if (!on_drained_ || !quiet) return;
  after(Duration{0}, [this] {
    if (on_drained_ && sender_->slots() == 0 && !busy_ && inbox_.empty())
      std::exchange(on_drained_, nullptr)();
  });
}
}  // namespace pb::sim
