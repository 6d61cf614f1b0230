// queue_desk.cpp: see queue_desk.hpp.                           Spec: queue/message_record.hpp.
#include "runtime/queue_desk.hpp"

#include <future>
#include <utility>

#include "base/ascii.hpp"
#include "runtime/queue_loader.hpp"

namespace pb::runtime {
namespace {
using queue::Family;
constexpr std::size_t slots_per_look = 20'000;  // keeps the queue's thread under a millisecond

class NoRandom final : public Random {
 public:
  std::uint64_t next() override { return 0; }
};

/// The message with its states as the store has them.
std::expected<std::optional<MessageDetails>, std::string> read_details(RocksStore const& store,
                                                                       QueueId id) {
  std::optional<queue::MessageRecord> record;
  std::vector<std::pair<std::uint32_t, queue::RecipientState>> states;
  queue::MessageNote note;
  bool whole = true;
  auto const take = [&](std::string_view key, std::string_view value) {
    auto const parsed = queue::parse_key(key);
    if (!parsed || parsed->id != id) return false;
    switch (parsed->kind) {
      case queue::KeyKind::envelope:
        record = queue::decode_message(id, value);
        break;
      case queue::KeyKind::note:
        note = queue::decode_note(value).value_or(note);
        break;
      case queue::KeyKind::state:
        if (auto state = queue::decode_state(value)) {
          states.emplace_back(parsed->recipient, std::move(*state));
        }
        break;
    }
    whole = record.has_value();
    return whole;
  };
  if (!store.scan(Family::envelopes, queue::envelope_key(id), "", take) || !whole) {
    return std::unexpected{"the records of " + id.text() +
                           " cannot be read: packetboat store check"};
  }
  if (!record) return std::nullopt;
  MessageDetails details{.id = id,
                         .message = nullptr,
                         .recipients = {},
                         .crashes = note.crashes,
                         .via = note.via,
                         .captured = record->captured};
  auto const& paths = record->message.envelope.forward_paths;
  for (std::uint32_t i = 0; i < paths.size(); ++i) {
    queue::RecipientState state;
    state.phase = note.settled ? queue::Phase::delivered : record->phases[i];
    if (state.phase == queue::Phase::held) state.reason = record->held_reason;
    details.recipients.push_back({i, paths[i].mailbox.text(), state});
  }
  for (auto& [index, state] : states) {
    if (index < paths.size()) details.recipients[index].state = std::move(state);
  }
  details.message = std::make_shared<queue::QueuedMessage const>(std::move(record->message));
  return details;
}
}  // namespace

/// The queue as a start would read it; nothing is lent and nothing is written.
struct QueueDesk::Offline {
  NoRandom random;
  queue::Queue queue{queue::QueueSettings{.leases_max = 0, .make_reports = true}, random};
};

QueueDesk::QueueDesk(RocksStore& store, QueueRunner* runner)
    : store_{store}, runner_{runner}, journal_{store} {}
QueueDesk::~QueueDesk() = default;

std::expected<void, std::string> QueueDesk::with_queue(
    std::function<void(queue::Queue const&)> look) {
  if (runner_ != nullptr) {
    auto done = std::make_shared<std::promise<void>>();  // shared with the queue's thread
    auto const reached = done->get_future();
    runner_->query([look = std::move(look), done](queue::Queue const& queue) {
      look(queue);
      done->set_value();
    });
    if (reached.wait_for(std::chrono::seconds{30}) != std::future_status::ready) {
      return std::unexpected{std::string{"the queue does not answer: its disk may hang"}};
    }
    return {};
  }
  if (!offline_) {
    auto fresh = std::make_unique<Offline>();
    queue::Effects ignored;
    auto const loaded = load_queue(store_, [&](queue::Recovered&& message) {
      message.was_in_flight = false;
      fresh->queue.handle(std::move(message), Instant{}, ignored);
      ignored = {};
    });
    if (!loaded) return std::unexpected{loaded.error()};
    offline_ = std::move(fresh);
  }
  look(offline_->queue);
  return {};
}

void QueueDesk::mark_leased(MessageDetails& details) {
  auto leased = std::make_shared<std::vector<std::uint32_t>>();  // shared with the queue's thread
  QueueId const id = details.id;
  auto const looked = with_queue([leased, id](queue::Queue const& queue) {
    auto const view = queue.view(id);
    if (!view) return;
    for (auto const& recipient : view->recipients) {
      if (recipient.recipient->phase == queue::Phase::leased) leased->push_back(recipient.index);
    }
  });
  if (!looked) return;
  for (std::uint32_t const index : *leased) details.recipients[index].leased = true;
}

std::expected<QueueDesk::Page, std::string> QueueDesk::list(queue::AdminFilter filter,
                                                            std::uint32_t cursor,
                                                            std::size_t count_max) {
  Page page;
  page.next = cursor;
  while (page.next && page.messages.size() < count_max) {
    auto found = std::make_shared<queue::Queue::Page>();  // shared with the queue's thread
    std::size_t const wanted = count_max - page.messages.size();
    auto const looked = with_queue([=, from = *page.next](queue::Queue const& queue) {
      *found = queue.list(filter, from, wanted, slots_per_look);
    });
    if (!looked) return std::unexpected{looked.error()};
    page.next = found->next;
    for (QueueId const id : found->ids) {
      auto details = read_details(store_, id);
      if (!details) return std::unexpected{details.error()};
      if (*details) page.messages.push_back(std::move(**details));
    }
  }
  return page;
}

std::expected<std::optional<MessageDetails>, std::string> QueueDesk::show(QueueId id) {
  auto details = read_details(store_, id);
  if (details && *details) mark_leased(**details);
  return details;
}

std::expected<std::optional<std::string>, std::string> QueueDesk::raw(QueueId id,
                                                                      std::size_t octets_max) {
  auto loaded = load_message(store_, id);
  if (!loaded) return std::unexpected{std::string{"the message cannot be read"}};
  if (!*loaded) return std::nullopt;
  MessageBytes bytes{(*loaded)->message, (*loaded)->inline_bytes, store_.body_files()};
  auto all = bytes.read_all(octets_max);
  if (!all) return std::unexpected{std::string{"the message is too large or damaged"}};
  return std::move(*all);
}

std::expected<queue::QueueStats, std::string> QueueDesk::stats() {
  auto found = std::make_shared<queue::QueueStats>();  // shared with the queue's thread
  auto const looked = with_queue([found](queue::Queue const& queue) { *found = queue.stats(); });
  if (!looked) return std::unexpected{looked.error()};
  return *found;
}

std::expected<std::vector<queue::Queue::DomainStats>, std::string> QueueDesk::domains(
    std::size_t count_max) {
  using Rows = std::vector<queue::Queue::DomainStats>;
  auto found = std::make_shared<Rows>();  // shared with the queue's thread
  auto const looked = with_queue(
      [found, count_max](queue::Queue const& queue) { *found = queue.by_domain(count_max); });
  if (!looked) return std::unexpected{looked.error()};
  return std::move(*found);
}

std::expected<queue::AdminProgress, std::string> QueueDesk::order(queue::AdminRequest request) {
  if (runner_ == nullptr) {
    return std::unexpected{std::string{"no server runs here: start one to change the queue"}};
  }
  auto done = std::make_shared<std::promise<queue::AdminProgress>>();  // shared as above
  auto finished = done->get_future();
  runner_->admin(std::move(request), [done](queue::AdminProgress progress) {
    if (progress.finished) done->set_value(progress);
  });
  if (finished.wait_for(std::chrono::minutes{5}) != std::future_status::ready) {
    return std::unexpected{std::string{"not finished after five minutes; it goes on"}};
  }
  return finished.get();
}
}  // namespace pb::runtime
