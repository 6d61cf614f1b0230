// queue_runner.cpp: see queue_runner.hpp.          Spec: ARCHITECTURE.md decision 4, "Queue
// states". Not here: reading back (queue_loader), what the effects are (queue/event.hpp).
#include "runtime/queue_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "runtime/clock_watch.hpp"
#include "runtime/hot_bodies.hpp"
#include "runtime/in_flight.hpp"
#include "runtime/queue_loader.hpp"
#include "runtime/storage_pool.hpp"

namespace pb::runtime {
namespace {
using Steady = std::chrono::steady_clock;
constexpr Duration look_again = std::chrono::seconds{5};  // at a clock that may have been set
constexpr Duration settle_sync_wait{50};  // durable within 100 ms, with room for the sync itself
}  // namespace

class CommitTicket {
 public:
  CommitTicket(queue::TicketId id, QueueRunner::CommitDone done)
      : id_{id}, done_{std::move(done)} {}
  /// True: the waiting side has not withdrawn, and cannot any more.
  bool claim_answer() { return claim(State::answered); }
  bool withdraw() { return claim(State::withdrawn); }
  void answer(queue::CommitVerdict verdict) {
    if (done_) std::exchange(done_, nullptr)(verdict);
  }
  [[nodiscard]] queue::TicketId id() const { return id_; }

 private:
  enum class State : std::uint8_t { waiting, answered, withdrawn };
  bool claim(State next) {
    State expected = State::waiting;
    return state_.compare_exchange_strong(expected, next);
  }
  queue::TicketId id_;
  QueueRunner::CommitDone done_;
  std::atomic<State> state_ = State::waiting;
};

namespace {
struct AcceptItem {
  std::shared_ptr<CommitTicket> ticket;  // shared with the session that waits
  queue::NewMessage message;
};
struct AdminItem {
  queue::AdminRequest request;
  std::function<void(queue::AdminProgress)> done;
};
struct QueryItem {
  std::function<void(queue::Queue const&)> look;
};
struct LoadedItem {
  queue::Lease lease;
  std::optional<LoadedMessage> loaded;  // nullopt: gone or damaged
};
struct ReportLoadedItem {
  queue::ReportRequest report;
};
using Item = std::variant<AcceptItem, AdminItem, QueryItem, LoadedItem, ReportLoadedItem,
                          queue::AttemptDone, queue::Event>;
}  // namespace

struct QueueRunner::Impl {
  RocksStore& store;
  QueueRunnerSettings settings;
  Clock const& clock;
  Random& random;
  QueueIds ids;
  Log& log;
  LeaseSink* lease_sink = nullptr;
  ReportSink* report_sink = nullptr;

  // Shared with every thread, under `lock`.
  std::mutex lock;
  std::condition_variable wake;
  std::vector<Item> inbox;
  bool stopping = false;
  bool stopped = true;

  std::atomic<std::uint64_t> next_ticket = 1;
  std::atomic<bool> accepting = false;
  std::atomic<std::size_t> messages = 0;
  std::atomic<std::uint64_t> captured_changes = 0;

  // The queue's thread only.
  std::optional<queue::Queue> queue;
  std::unordered_map<std::uint64_t, std::shared_ptr<CommitTicket>> tickets;
  std::unordered_map<std::uint64_t, std::function<void(queue::AdminProgress)>> admins;
  std::unordered_map<std::uint64_t, std::shared_ptr<queue::QueuedMessage const>> lent;
  HotBodies hot;
  std::vector<QueueId> drops_waiting;
  std::optional<Instant> wake_at;
  std::optional<Steady::time_point> sync_by;  // not a time of day: that may be set back
  InFlight in_flight;
  std::unique_ptr<StoragePool> pool;
  std::thread thread;

  Impl(RocksStore& s, QueueRunnerSettings given, Clock const& c, Random& r, Log& l)
      : store{s},
        settings{std::move(given)},
        clock{c},
        random{r},
        log{l},
        hot{settings.hot_octets_max} {}

  bool post(Item item) {
    {
      std::scoped_lock const guard{lock};
      if (stopped) return false;
      inbox.push_back(std::move(item));
    }
    wake.notify_one();
    return true;
  }

  std::expected<void, std::string> load();
  void run();
  std::vector<Item> wait_for_items(bool& last);
  void execute(queue::Effects& out);
  bool commit(queue::Effects& work);
  void answer_commit(queue::Effects const& work, bool ok, queue::Effects& out);
  void sync_settles();
  void unlink_bodies();
  void fail_store(queue::Effects& out);
  void start_lease(queue::Lease lease);
  void start_loaded(queue::Lease lease, LoadedMessage loaded);
  void load_lease(queue::Lease lease);
  void read_lease(queue::Lease lease);
  void make_report(queue::ReportRequest report);
  void read_reported(queue::ReportRequest report);
  void hand_out_report(queue::ReportRequest report);

  void on(AcceptItem& item, queue::Effects& out);
  void on(AdminItem& item, queue::Effects& out);
  void on(QueryItem& item, queue::Effects& out);
  void on(LoadedItem& item, queue::Effects& out);
  void on(ReportLoadedItem& item, queue::Effects& out);
  void on(queue::AttemptDone& item, queue::Effects& out);
  void on(queue::Event& item, queue::Effects& out);
};

std::expected<void, std::string> QueueRunner::Impl::load() {
  auto const sequence = next_journal_sequence(store);
  if (!sequence) return std::unexpected{std::string{"the journal cannot be read"}};
  settings.queue.first_sequence = *sequence;
  // Also of messages that are gone, should the clock have gone back since: the journal would tell
  // two messages as one.
  auto const told_of = latest_journalled_id(store);
  if (!told_of) return std::unexpected{std::string{"the journal's index cannot be read"}};
  ids.pass(*told_of);
  settings.queue.hash_seed = random.next();
  settings.queue.make_reports = report_sink != nullptr;
  queue.emplace(settings.queue, random);
  auto const crashed = in_flight.open(store.data_dir() + "/in-flight");
  std::vector<QueueId> files = store.body_files().list();
  std::ranges::sort(files);
  std::vector<bool> named(files.size(), false);
  queue::Effects out;
  auto const loaded = load_queue(store, [&](queue::Recovered&& message) {
    QueueId const id = message.record.message.id;
    ids.pass(id);
    auto const file = std::ranges::lower_bound(files, id);
    if (file != files.end() && *file == id) named[file - files.begin()] = true;
    message.was_in_flight = std::ranges::binary_search(crashed, id);
    queue->handle(std::move(message), clock.now(), out);
  });
  if (!loaded) return std::unexpected{loaded.error()};
  std::size_t swept = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (named[i]) continue;
    store.body_files().remove(files[i]);
    ++swept;
  }
  log.info("queue_loaded", {{"messages", std::to_string(*loaded)},
                            {"bodies_swept", std::to_string(swept)},
                            {"in_flight_before", std::to_string(crashed.size())}});
  execute(out);
  return {};
}

std::vector<Item> QueueRunner::Impl::wait_for_items(bool& last) {
  std::unique_lock guard{lock};
  auto const ready = [&] { return !inbox.empty() || stopping; };
  std::optional<Steady::duration> left;
  if (wake_at) left = std::min<Duration>(*wake_at - clock.now(), look_again);
  if (sync_by) left = std::min(left.value_or(Steady::duration::max()), *sync_by - Steady::now());
  if (!left) {
    wake.wait(guard, ready);
  } else if (left->count() > 0) {
    wake.wait_for(guard, *left, ready);
  }
  last = stopping;
  if (last) stopped = true;  // nothing is put in any more: what is here is the rest
  return std::exchange(inbox, {});
}

void QueueRunner::Impl::run() {
  ClockWatch watch{clock.now(), Steady::now()};
  for (bool last = false; !last;) {
    std::vector<Item> items = wait_for_items(last);
    queue::Effects out;
    out.wake_at = wake_at;
    if (Duration const by = watch.set_back(clock.now(), Steady::now()); by > Duration{0}) {
      log.warning("clock_set_back", {{"seconds", std::to_string(by / std::chrono::seconds{1})}});
      queue->handle(queue::ClockSetBack{by}, clock.now(), out);
    }
    for (Item& item : items) {
      std::visit([&](auto& what) { on(what, out); }, item);
    }
    Instant const now = clock.now();
    if (wake_at && *wake_at <= now) queue->handle(queue::Timer{}, now, out);
    execute(out);
    if (sync_by && (last || *sync_by <= Steady::now())) sync_settles();
    messages = queue->stats().messages;
  }
}

/// Executes effects until none is left: a commit's answers and leases come out of this loop.
void QueueRunner::Impl::execute(queue::Effects& out) {
  while (out.asks_for_work()) {
    queue::Effects work = std::exchange(out, {});
    out.wake_at = work.wake_at;
    bool const ok = commit(work);
    if (!work.tickets.empty()) answer_commit(work, ok, out);
    if (!ok) fail_store(out);
    captured_changes += work.captured;
    for (queue::Answer const& answer : work.answers) {
      auto node = tickets.extract(answer.ticket.value);
      if (!node.empty()) node.mapped()->answer(answer.verdict);
    }
    for (auto& lease : work.leases) start_lease(std::move(lease));
    for (queue::LeaseId const lease : work.revoked) {
      if (lease_sink != nullptr) lease_sink->revoke(lease);
    }
    for (auto& report : work.reports) make_report(std::move(report));
    for (auto const& [ticket, progress] : work.admin) {
      auto const at = admins.find(ticket.value);
      if (at == admins.end()) continue;
      at->second(progress);
      if (progress.finished) admins.erase(at);
    }
  }
  wake_at = out.wake_at;
}

/// One batch for everything that gathered. Bodies that will be lent at once are kept.
bool QueueRunner::Impl::commit(queue::Effects& work) {
  drops_waiting.insert(drops_waiting.end(), work.drop_bodies.begin(), work.drop_bodies.end());
  if (work.writes.empty()) {
    if (!drops_waiting.empty() && !sync_by) unlink_bodies();
    return true;
  }
  auto const written = store.write(work.writes, work.durability);
  if (!written) return false;
  if (work.durability == queue::Durability::synced) {
    sync_by.reset();
    unlink_bodies();
  } else if (!sync_by) {
    sync_by = Steady::now() + settle_sync_wait;
  }
  for (queue::Write& write : work.writes) {
    if (write.family != queue::Family::bodies || !write.value) continue;
    hot.put(queue::parse_body_key(write.key), std::move(*write.value));
  }
  return true;
}

void QueueRunner::Impl::answer_commit(queue::Effects const& work, bool ok, queue::Effects& out) {
  queue::Committed committed{.tickets = work.tickets, .ok = ok, .withdrawn = {}};
  for (queue::TicketId const id : work.tickets) {
    auto const at = tickets.find(id.value);
    PB_CHECK(at != tickets.end());
    if (at->second->claim_answer()) continue;
    committed.withdrawn.push_back(id);
    tickets.erase(at);
  }
  queue->handle(std::move(committed), clock.now(), out);
}

void QueueRunner::Impl::sync_settles() {
  sync_by.reset();
  if (store.sync()) {
    unlink_bodies();
    return;
  }
  queue::Effects out;
  out.wake_at = wake_at;
  fail_store(out);
  execute(out);
}

/// Every write so far is durable: no envelope names these files any more.
void QueueRunner::Impl::unlink_bodies() {
  if (drops_waiting.empty()) return;
  auto drops = std::exchange(drops_waiting, {});
  BodyFiles& files = store.body_files();
  auto const remove = [&files, drops = std::move(drops)] {
    for (QueueId const id : drops) files.remove(id);
  };
  if (!pool->post(remove)) remove();
}

void QueueRunner::Impl::fail_store(queue::Effects& out) {
  if (accepting.exchange(false)) {
    log.error("store_failed", {{"data_dir", store.data_dir()},
                               {"effect", "no message is accepted until a restart"}});
  }
  queue->handle(queue::StoreFailed{}, clock.now(), out);
}

void QueueRunner::Impl::start_lease(queue::Lease lease) {
  if (lease_sink == nullptr) return;
  if (lease.message != nullptr) {
    auto bytes = hot.take(lease.id);
    if (bytes) {
      LoadedMessage loaded{lease.message, std::move(bytes), false};
      start_loaded(std::move(lease), std::move(loaded));
      return;
    }
  }
  load_lease(std::move(lease));
}

void QueueRunner::Impl::start_loaded(queue::Lease lease, LoadedMessage loaded) {
  lease.message = loaded.message;
  lent.emplace(lease.lease.value, loaded.message);
  auto bytes = std::make_shared<MessageBytes>(loaded.message, std::move(loaded.inline_bytes),
                                              store.body_files());
  lease_sink->start({std::move(lease), std::move(bytes)});
}

/// A cold read, off this thread.
void QueueRunner::Impl::load_lease(queue::Lease lease) {
  if (!pool->post([this, lease] { read_lease(lease); })) read_lease(lease);
}
void QueueRunner::Impl::read_lease(queue::Lease lease) {
  auto loaded = load_message(store, lease.id);
  post(LoadedItem{std::move(lease), loaded ? std::move(*loaded) : std::nullopt});
}

void QueueRunner::Impl::make_report(queue::ReportRequest report) {
  if (report_sink == nullptr) return;
  if (report.message != nullptr) return hand_out_report(std::move(report));
  if (!pool->post([this, report] { read_reported(report); })) read_reported(report);
}
void QueueRunner::Impl::read_reported(queue::ReportRequest report) {
  auto const loaded = load_message(store, report.id);
  if (loaded && *loaded) report.message = (*loaded)->message;
  post(ReportLoadedItem{std::move(report)});
}

/// What nobody is to be told is over at once. Making a report reads the message: off this thread.
void QueueRunner::Impl::hand_out_report(queue::ReportRequest report) {
  queue::Reported nobody{.id = report.id, .recipients = {}};
  std::erase_if(report.items, [&](queue::ReportItem const& item) {
    bool const wanted = report.message && queue::report_wanted(*report.message, item);
    if (!wanted) nobody.recipients.push_back(item.recipient);
    return !wanted;
  });
  if (!nobody.recipients.empty()) post(queue::Event{std::move(nobody)});
  if (report.items.empty()) return;
  auto const make = [this, report = std::move(report)] { report_sink->report(report); };
  if (!pool->post(make)) make();
}

// Items -----------------------------------------------------------------------------------------

void QueueRunner::Impl::on(AcceptItem& item, queue::Effects& out) {
  queue::TicketId const id = item.ticket->id();
  tickets.emplace(id.value, std::move(item.ticket));
  queue->handle(queue::Accepted{id, std::move(item.message)}, clock.now(), out);
}
void QueueRunner::Impl::on(AdminItem& item, queue::Effects& out) {
  queue::TicketId const id{next_ticket++};
  admins.emplace(id.value, std::move(item.done));
  queue->handle(queue::Admin{id, std::move(item.request)}, clock.now(), out);
}
void QueueRunner::Impl::on(QueryItem& item, queue::Effects&) { item.look(*queue); }
void QueueRunner::Impl::on(LoadedItem& item, queue::Effects& out) {
  if (item.loaded) return start_loaded(std::move(item.lease), std::move(*item.loaded));
  log.error("message_unreadable", {{"message", item.lease.id.text()}});
  queue->handle(queue::LeaseUnreadable{item.lease.lease}, clock.now(), out);
}
void QueueRunner::Impl::on(ReportLoadedItem& item, queue::Effects&) {
  hand_out_report(std::move(item.report));
}
void QueueRunner::Impl::on(queue::AttemptDone& item, queue::Effects& out) {
  auto const at = lent.find(item.lease.value);
  if (at == lent.end()) return;
  queue::LeaseId const lease = item.lease;
  auto message = at->second;
  queue->handle(queue::Settled{std::move(item), std::move(message)}, clock.now(), out);
  if (queue->is_open(lease.value)) return;
  in_flight.ended(lease);
  lent.erase(at);
}
void QueueRunner::Impl::on(queue::Event& item, queue::Effects& out) {
  queue->handle(item, clock.now(), out);
}

// The outside -----------------------------------------------------------------------------------

QueueRunner::QueueRunner(RocksStore& store, QueueRunnerSettings settings, Clock const& clock,
                         Random& random, Log& log)
    : impl_{std::make_unique<Impl>(store, std::move(settings), clock, random, log)} {}
QueueRunner::~QueueRunner() { stop(); }

QueueId QueueRunner::make_id() { return impl_->ids.next(impl_->clock.now(), impl_->random); }
void QueueRunner::set_lease_sink(LeaseSink* sink) { impl_->lease_sink = sink; }
void QueueRunner::set_report_sink(ReportSink* sink) { impl_->report_sink = sink; }

std::expected<void, std::string> QueueRunner::start() {
  impl_->pool = std::make_unique<StoragePool>(impl_->settings.pool_threads);
  impl_->stopped = false;
  impl_->accepting = true;
  if (auto loaded = impl_->load(); !loaded) {
    impl_->stopped = true;
    impl_->accepting = false;
    return loaded;
  }
  impl_->thread = std::thread{[impl = impl_.get()] { impl->run(); }};
  return {};
}

void QueueRunner::stop() {
  {
    std::scoped_lock const guard{impl_->lock};
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->accepting = false;
  if (impl_->thread.joinable()) {
    impl_->thread.join();
    impl_->in_flight.close_cleanly();
  }
  impl_->pool.reset();
}

std::shared_ptr<CommitTicket> QueueRunner::accept(queue::NewMessage message, CommitDone done) {
  auto ticket =
      std::make_shared<CommitTicket>(queue::TicketId{impl_->next_ticket++}, std::move(done));
  if (!impl_->post(AcceptItem{ticket, std::move(message)}) && ticket->claim_answer()) {
    ticket->answer(queue::CommitVerdict::store_failed);
  }
  return ticket;
}

bool QueueRunner::withdraw(CommitTicket& ticket) { return ticket.withdraw(); }
void QueueRunner::settle(queue::AttemptDone done) { impl_->post(std::move(done)); }
void QueueRunner::sending(queue::LeaseId lease, QueueId id) { impl_->in_flight.began(lease, id); }
void QueueRunner::reported(queue::Reported nothing_sent) {
  impl_->post(queue::Event{std::move(nothing_sent)});
}
void QueueRunner::admin(queue::AdminRequest request,
                        std::function<void(queue::AdminProgress)> done) {
  impl_->post(AdminItem{std::move(request), std::move(done)});
}
void QueueRunner::release_captured(QueueId id) {
  impl_->post(queue::Event{queue::CapturedReleased{id}});
}
bool QueueRunner::settle_down() {
  // Two rounds: the effects of the first are executed before the second is looked at.
  for (int round = 0; round < 2; ++round) {
    auto done = std::make_shared<std::promise<void>>();  // shared with the item
    auto const reached = done->get_future();
    if (!impl_->post(QueryItem{[done](queue::Queue const&) { done->set_value(); }})) return false;
    reached.wait();
  }
  return true;
}
void QueueRunner::query(std::function<void(queue::Queue const&)> look) {
  impl_->post(QueryItem{std::move(look)});
}

bool QueueRunner::accepting() const { return impl_->accepting; }
std::size_t QueueRunner::messages_queued() const { return impl_->messages; }
std::uint64_t QueueRunner::captured_changes() const { return impl_->captured_changes; }
RocksStore& QueueRunner::store() { return impl_->store; }
}  // namespace pb::runtime
