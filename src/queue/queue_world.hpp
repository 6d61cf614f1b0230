// queue_world.hpp: a queue for tests, with a clock that moves when it is told to and a willing
// store. Spec: queue.hpp.                                              Not here: a real store
// (runtime/).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue/queue.hpp"

namespace pb::queue {
class CountingRandom final : public Random {
 public:
  std::uint64_t next() override { return state_ += 0x9e3779b97f4a7c15; }

 private:
  std::uint64_t state_ = 7;
};

/// A queue, its time, and the records as a store would have them.
class World {
 public:
  explicit World(QueueSettings settings = {}) { queue_.emplace(std::move(settings), random_); }

  /// Handles the event and everything that a willing store answers to it.
  void tell(Event const& event) {
    Effects out;
    queue_->handle(event, now_, out);
    while (out.asks_for_work() || !out.tickets.empty()) {
      Effects work = std::exchange(out, {});
      out.wake_at = work.wake_at;
      apply(work);
      if (!work.tickets.empty()) {
        queue_->handle(Committed{work.tickets, true, withdrawn_}, now_, out);
      }
    }
    wake_at_ = out.wake_at;
  }
  QueueId accept(std::vector<std::string> const& recipients, mail::DsnNotify notify = {}) {
    QueueId const id{++last_id_ << 22};
    NewMessage message;
    QueuedMessage& m = message.record.message;
    m.id = id;
    m.accepted_at = now_;
    m.expires_at = now_ + std::chrono::days{5};
    m.account = "anna";
    m.envelope.reverse_path.mailbox = mail::Mailbox{"sender", {"from.example"}};
    for (std::string const& r : recipients) {
      auto const at = r.find('@');
      m.envelope.forward_paths.push_back(
          {mail::Mailbox{r.substr(0, at), {r.substr(at + 1)}}, notify, ""});
      message.record.phases.push_back(Phase::due);
    }
    if (wish_) wish_(m.envelope);
    message.inline_bytes = "x";
    message.record.inline_octets = 1;
    messages_[id.value()] = std::make_shared<QueuedMessage const>(m);
    tell(Accepted{TicketId{++last_ticket_}, std::move(message)});
    return id;
  }
  void accept_again(QueueId id) {
    NewMessage message;
    message.record.message.id = id;
    message.record.message.envelope.forward_paths.push_back(
        {mail::Mailbox{"other", {"z.example"}}, {}, ""});
    message.record.phases = {Phase::due};
    tell(Accepted{TicketId{++last_ticket_}, std::move(message)});
  }
  void settle(Lease const& lease, std::vector<RecipientOutcome> outcomes) {
    tell(Settled{{lease.lease, lease.id, std::move(outcomes), {}}, messages_[lease.id.value()]});
  }
  void settle_all(Lease const& lease, Outcome const& outcome) {
    std::vector<RecipientOutcome> all;
    for (std::uint32_t const i : lease.recipients) all.push_back({i, outcome});
    settle(lease, all);
  }
  void admin(AdminAction action, AdminFilter filter, std::string via = {}) {
    tell(Admin{TicketId{++last_ticket_}, {action, std::move(filter), "test", std::move(via)}});
  }
  /// Moves the clock to the next wake-up.
  void sleep() {
    ASSERT_TRUE(wake_at_);
    now_ = std::max(now_, *wake_at_);
    tell(Timer{});
  }
  std::optional<Lease> lease() {
    if (leases_.empty()) return std::nullopt;
    Lease first = leases_.front();
    leases_.erase(leases_.begin());
    return first;
  }
  std::vector<journal::Kind> kinds(QueueId id) const {
    std::vector<journal::Kind> found;
    for (auto const& [key, value] : records_[static_cast<int>(Family::journal)]) {
      auto const sequence = journal::parse_entry_key(key);
      if (!sequence) continue;
      auto const entry = journal::decode(*sequence, value);
      if (entry && entry->id == id) found.push_back(entry->kind);
    }
    return found;
  }
  auto const& records(Family family) const { return records_[static_cast<int>(family)]; }
  /// A new queue from the records alone.
  void restart(std::optional<QueueId> in_flight = {}) {
    queue_.emplace(QueueSettings{.first_sequence = 1'000'000 * ++restarts_}, random_);
    leases_.clear();
    reports_.clear();
    std::map<std::uint64_t, Recovered> found;
    for (auto const& [key, value] : records(Family::envelopes)) {
      auto const parsed = parse_key(key);
      Recovered& message = found[parsed->id.value()];
      if (parsed->kind == KeyKind::envelope) message.record = *decode_message(parsed->id, value);
      if (parsed->kind == KeyKind::note) message.note = *decode_note(value);
      if (parsed->kind == KeyKind::state) {
        message.states.emplace_back(parsed->recipient, *decode_state(value));
      }
      message.was_in_flight = in_flight == parsed->id;
    }
    for (auto& [id, message] : found) tell(std::move(message));
  }

  CountingRandom random_;
  Instant now_{Duration{1'700'000'000'000}};
  std::optional<Queue> queue_;
  std::optional<Instant> wake_at_;
  std::vector<Lease> leases_;
  std::vector<Answer> answers_;
  std::vector<ReportRequest> reports_;
  std::vector<AdminProgress> progress_;
  std::vector<TicketId> withdrawn_;
  std::map<std::uint64_t, std::shared_ptr<QueuedMessage const>> messages_;
  std::function<void(mail::Envelope&)> wish_;  // what is accepted from now on asks for

 private:
  void apply(Effects& work) {
    for (Write& write : work.writes) {
      auto& family = records_[static_cast<int>(write.family)];
      if (write.value) {
        EXPECT_FALSE(write.written_once && family.contains(write.key)) << "put twice";
        family[write.key] = *write.value;
      } else {
        family.erase(write.key);
      }
    }
    std::ranges::move(work.leases, std::back_inserter(leases_));
    std::ranges::move(work.answers, std::back_inserter(answers_));
    std::ranges::move(work.reports, std::back_inserter(reports_));
    for (auto const& [ticket, progress] : work.admin) progress_.push_back(progress);
  }
  std::array<std::map<std::string, std::string>, 4> records_;
  std::uint64_t last_id_ = 1'700'000'000'000;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t restarts_ = 0;
};
}  // namespace pb::queue
