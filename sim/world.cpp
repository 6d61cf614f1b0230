// world.cpp: what the parts of a run tell each other, and what the ledger keeps of it.
// Spec: sim/README.md.  Not here: when the faults come (world_plan.cpp).
#include "sim/world.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pb::sim {
namespace {
/// What was settled before this may be forgotten by a crash: queue/store.hpp promises 100 ms.
constexpr Duration settle_window{200};
constexpr std::size_t file_from_octets = 400;

std::string_view between(std::string_view text, std::string_view from, std::string_view to) {
  auto const begin = text.find(from);
  if (begin == std::string_view::npos) return {};
  auto const rest = text.substr(begin + from.size());
  return rest.substr(0, rest.find_first_of(to));
}

std::uint32_t letter_number(std::string_view content) {
  std::string_view const digits = between(content, "\r\nX-Sim: ", "\r");
  std::uint32_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

bool ends(journal::Kind kind) {
  return kind == journal::Kind::delivered || kind == journal::Kind::bounced ||
         kind == journal::Kind::expired || kind == journal::Kind::removed;
}
}  // namespace

std::vector<PlantRow> const& plants() {
  static std::vector<PlantRow> const rows{
      {Plant::early_250, "early_250", "durable_first"},
      {Plant::lying_sync, "lying_sync", "durable_first"},
      {Plant::settle_lost, "settle_lost", "duplicates"},
      {Plant::lease_twice, "lease_twice", "duplicates"},
      {Plant::early_unlink, "early_unlink", "drains"},
      {Plant::null_report, "null_report", "null_path"},
      {Plant::downgrade, "downgrade", "security"},
      {Plant::open_relay, "open_relay", "strangers"},
      {Plant::content_changed, "content_changed", "unchanged"},
      {Plant::impatient, "impatient", "ladder"},
      {Plant::wrong_bounce, "wrong_bounce", "just_bounces"},
      {Plant::endless_session, "endless_session", "limits"},
  };
  return rows;
}

void SimWorld::accepting(queue::NewMessage& message, std::string body, Caller caller) {
  queue::QueuedMessage& m = message.record.message;
  std::string const content = message.inline_bytes + body;
  bool const in_file = body.size() > file_from_octets && random.hits(scenario.files);
  if (in_file) {
    m.body_in_file = true;
    store.put_file(m.id, std::move(body));
  } else {
    message.inline_bytes += body;
  }
  // An id that was never made durable may be given again by the next process, and no other.
  if (Accepted const* const before = ledger.find(m.id))
    if (before->acknowledged || store.was_durable(m.id))
      throw Violation{"kept", m.id.text() + " was given to two messages"};
  Accepted& made = ledger.add(m.id) = {};
  made.id = m.id;
  made.letter = ledger.letter(letter_number(content));
  made.message = std::make_shared<queue::QueuedMessage const>(m);
  made.poisonous = random.hits(scenario.poison);
  for (mail::ForwardPath const& path : m.envelope.forward_paths) {
    Addressee one;
    one.address = path.mailbox.text();
    one.domain = path.mailbox.domain.key();
    one.index = static_cast<std::uint32_t>(made.addressees.size());
    made.addressees.push_back(std::move(one));
  }
  time.note("message", m.id.value(), made.addressees.size(), m.envelope.reverse_path.text());
  for (auto& checker : checkers) checker->on_accepted(made, content, caller.stranger());
}

void SimWorld::accepting_report(queue::NewMessage const& message, QueueId about) {
  queue::QueuedMessage const& m = message.record.message;
  Accepted& made = ledger.add(m.id) = {};
  made.id = m.id;
  made.message = std::make_shared<queue::QueuedMessage const>(m);
  made.about = about;
  made.covers = message.report_of->recipients;
  mail::Mailbox const& to = m.envelope.forward_paths.front().mailbox;
  Addressee one;
  one.address = to.text();
  one.domain = to.domain.key();
  made.addressees.push_back(std::move(one));
  ++counts.reports;
  time.note("report", m.id.value(), about.value());
}

void SimWorld::acknowledged(QueueId id) {
  Accepted* const message = ledger.find(id);
  if (message == nullptr) throw Violation{"kept", "250 for a message that nobody gave the queue"};
  for (auto& checker : checkers) checker->on_acknowledged(*message, store);
  message->acknowledged = true;
  ++counts.acknowledged;
  counts.recipients += message->addressees.size();
}

std::size_t SimWorld::domains_reached() {
  std::set<std::string_view> domains;
  for (auto const& [id, message] : ledger.accepted()) {
    if (!message.acknowledged) continue;
    for (Addressee const& one : message.addressees) domains.insert(one.domain);
  }
  return domains.size();
}

void SimWorld::leased(queue::Lease const& lease, Instant now) {
  Accepted* const message = ledger.find(lease.id);
  if (message == nullptr) throw Violation{"kept", "a lease of a message that never came"};
  time.note("lease", lease.id.value(), lease.attempt);
  for (auto& checker : checkers) checker->on_leased(*message, lease, scenario, now);
  if (!faulty()) return;
  if (floods_waiting_ != 0 && node->stats().due != 0) {
    --floods_waiting_;
    time.after(random.between(Duration{0}, Duration{400}),
               [this, domain = message->addressees.at(lease.recipients.front()).domain] {
                 if (node) order_flood(domain);
               });
  }
  if (orders_waiting_ == 0) return;
  --orders_waiting_;
  time.after(random.between(Duration{0}, Duration{400}), [this, id = lease.id] {
    if (Accepted const* const one = ledger.find(id); one != nullptr && node) order_about(*one);
  });
}

/// Some messages are the death of whoever handles them.
void SimWorld::sending(QueueId id) {
  Accepted const* const message = ledger.find(id);
  if (message == nullptr || !message->poisonous || !faulty()) return;
  time.note("poison", id.value());
  crash_soon(Duration{300});
}

void SimWorld::unreadable(QueueId id) {
  time.note("unreadable", id.value());
  Accepted* const message = ledger.find(id);
  if (message == nullptr) throw Violation{"kept", "a lease of a message that never came"};
  for (auto& checker : checkers) checker->on_unreadable(*message);
}

void SimWorld::written() {
  if (writes_until_crash_ != 0 && --writes_until_crash_ == 0) crash_soon(Duration{3});
}

/// Of this process, should it live so long.
void SimWorld::crash_soon(Duration most) {
  time.after(random.between(Duration{0}, most), [this, dying = processes_] {
    if (node && processes_ == dying) crash();
  });
}

void SimWorld::settled(queue::AttemptDone& done, Instant now) {
  Accepted* const message = ledger.find(done.id);
  if (message == nullptr) return;
  for (queue::RecipientOutcome& one : done.outcomes) {
    Addressee& addressee = message->addressees[one.recipient];
    time.note("settle", done.id.value(), one.recipient,
              one.outcome.index() == 0   ? "delivered"
              : one.outcome.index() == 1 ? "deferred"
                                         : "bounced");
    for (auto& checker : checkers) checker->on_settled(*message, addressee, one.outcome, now);
    addressee.settled_at = time.now();
    auto* const deferred = std::get_if<queue::Deferred>(&one.outcome);
    if (deferred == nullptr || !deferred->attempted) continue;
    if (planted(Plant::impatient)) deferred->retry_at = now + std::chrono::minutes{2};
    if (planted(Plant::wrong_bounce))
      one.outcome = queue::Bounced{{5, 0, 0}, deferred->reason, deferred->reply};
  }
}

void SimWorld::reported(queue::QueuedMessage const& original, queue::ReportItem const& item) {
  Accepted* const message = ledger.find(original.id);
  if (message == nullptr) throw Violation{"null_path", "a report about a message that never came"};
  for (auto& checker : checkers) checker->on_report(*message, item);
}

void SimWorld::on_entry(journal::Entry const& entry, bool lost) {
  Accepted* const message = ledger.find(entry.id);
  if (message == nullptr) throw Violation{"strangers", "a journal entry about nothing accepted"};
  bool const steers = !entry.get(journal::Key::actor).empty();
  for (Addressee& one : message->addressees) one.steered = one.steered || steers;
  for (auto& checker : checkers) {
    if (lost)
      checker->on_entry_lost(*message, entry);
    else if (!steers)
      checker->on_entry(*message, entry);
  }
  if (!ends(entry.kind)) return;
  for (journal::Field const& field : entry.fields) {
    if (field.key != journal::Key::recipient) continue;
    Addressee* const one = message->find(field.value);
    if (one == nullptr) throw Violation{"one_outcome", "the end of a recipient that never was"};
    one->endings += lost ? -1 : 1;
    one->ended = one->endings == 0 ? std::nullopt : std::optional{entry.kind};
    std::int64_t const step = lost ? -1 : 1;
    if (entry.kind == journal::Kind::bounced) counts.bounced += static_cast<std::uint64_t>(step);
    if (entry.kind == journal::Kind::expired) counts.expired += static_cast<std::uint64_t>(step);
    if (one->endings > 1) throw Violation{"one_outcome", one->address + " ended twice"};
  }
}

void SimWorld::delivered(Delivered where, std::vector<std::string> const& recipients,
                         std::string const& content) {
  auto const id = QueueId::parse(between(content, "\tid ", "\r;"));
  Accepted* const message = id ? ledger.find(*id) : nullptr;
  time.note("delivered", where.wire, recipients.size(), where.host.name);
  if (message == nullptr) throw Violation{"unchanged", "a next hop got what nobody sent"};
  for (std::string const& address : recipients) {
    Addressee* const one = message->find(address);
    if (one == nullptr) throw Violation{"strangers", "delivered to " + address};
    for (auto& checker : checkers) {
      checker->on_delivery({*message, *one, where.host, where.encrypted, where.trusted, content},
                           time.now());
    }
    if (!one->receipts.empty()) ++counts.duplicates;
    one->receipts.push_back({.at = time.now(), .wire = where.wire, .known_at = {}});
    ++counts.delivered;
  }
}

void SimWorld::dial(delivery::Hop const& hop, ClientLink& link) {
  Host const* const host = sites.host_at(hop.endpoint);
  if (host == nullptr) throw std::runtime_error{"a host that nobody made"};
  if (time.now() >= host->down_from && time.now() < host->down_until) {
    if (host->silent_when_down)
      return link.fail_to_connect(smtp::client::Fault::timeout, std::chrono::seconds{30});
    return link.fail_to_connect(smtp::client::Fault::connect_failed, Duration{20});
  }
  auto wire = std::make_shared<Wire>(time, random, ++wires_, wire_faults());
  auto peer = std::make_shared<Peer>(*this, *host, wire);
  peers_.push_back(peer);
  link.connect(wire);
  peer->start();
  if (peers_.size() > 64) tidy_up();
}

std::size_t SimWorld::guests_of(Host const& host) const {
  // Whom it no longer hears of it forgets in time.
  Instant const since = time.now() - std::chrono::minutes{10};
  return static_cast<std::size_t>(std::ranges::count_if(
      peers_, [&](auto const& other) { return other->is_guest_of(host, since); }));
}

std::shared_ptr<Wire> SimWorld::call_server(Caller caller) {
  if (!node) return nullptr;
  auto wire = std::make_shared<Wire>(time, random, ++wires_, wire_faults());
  node->open_session(wire, caller);
  return wire;
}

WireFaults SimWorld::wire_faults() {
  WireFaults faults{.split = scenario.split, .merge = scenario.merge};
  if (!faulty()) return faults;
  faults.slow = scenario.slow;
  if (random.hits(scenario.reset)) faults.reset_after = 1 + random.below(3000);
  if (random.hits(scenario.stall)) faults.stall_after = 1 + random.below(3000);
  return faults;
}

/// Nobody looks at them any more.
void SimWorld::tidy_up() {
  std::erase_if(peers_, [](auto const& peer) { return peer->gone(); });
  std::erase_if(let_go_, [](auto const& link) { return link->closed(); });
  std::erase_if(node_links_, [](auto const& link) { return link.expired(); });
}

/// A crash may forget what was settled in the last moment, and a reply that had not come yet.
void SimWorld::excuse_since(Instant when) {
  Instant const since = when - settle_window;
  for (auto& [id, message] : ledger.accepted()) {
    for (Addressee& one : message.addressees) {
      for (Receipt& receipt : one.receipts)
        receipt.excused = receipt.excused || one.leased || !receipt.known_at ||
                          disk_free() - receipt.disk_free_then <= settle_window;
      one.leased = false;
    }
  }
  for (auto& checker : checkers) checker->on_process_end(ledger, since);
}

void SimWorld::syncing(bool now) {
  if (now) {
    if (!syncing_since_) syncing_since_ = time.now();
  } else if (auto const since = std::exchange(syncing_since_, std::nullopt)) {
    synced_ += time.now() - *since;
  }
}

Duration SimWorld::disk_free() const {
  Instant const end = syncing_since_.value_or(time.now());
  return end.time_since_epoch() - synced_;
}

void SimWorld::store_failed() {
  failed_at_ = time.now();
  syncing(true);  // nothing is written any more in this process
  // An operator sees it and starts the process anew.
  Duration const wait = random.between(std::chrono::minutes{1}, std::chrono::minutes{20});
  time.after(wait, [this, failed = processes_] {
    if (node && processes_ == failed) crash();
  });
}
}  // namespace pb::sim
