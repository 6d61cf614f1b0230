// ladder.cpp: retries follow the ladder: what the journal says of them, and when they come.
// Spec: RFC 5321 §4.5.4.1; queue/schedule.hpp.    Not here: whether they come at all.
#include <algorithm>
#include <charconv>

#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
std::int64_t number_of(std::string_view digits) {
  std::int64_t value = -1;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

class Ladder final : public Checker {
 public:
  std::string_view name() const override { return "ladder"; }
  void on_entry(Accepted& message, journal::Entry const& entry) override {
    if (entry.kind != journal::Kind::deferred) return;
    std::int64_t const attempt = number_of(entry.get(journal::Key::attempt));
    Instant const retry_at{Duration{number_of(entry.get(journal::Key::retry_at))}};
    if (attempt < 1) fail("a deferral without an attempt");
    Instant const last = last_chance(message, entry.at);
    Duration const step = step_of(static_cast<std::uint32_t>(attempt));
    if (retry_at < std::min(last, entry.at + step * 9 / 10 - Duration{1}))
      fail(message.id.text() + " is to be tried again before its time");
    if (retry_at > std::min(last, entry.at + step * 11 / 10 + Duration{1}))
      fail(message.id.text() + " is to be tried again behind its time");
    for (Addressee* const one : named(message, entry))
      if (attempt != ++one->deferrals) fail(message.id.text() + " forgot how often it was tried");
  }
  void on_entry_lost(Accepted& message, journal::Entry const& entry) override {
    if (entry.kind != journal::Kind::deferred) return;
    for (Addressee* const one : named(message, entry)) --one->deferrals;
  }
  void on_settled(Accepted& message, Addressee& one, queue::Outcome const& outcome,
                  Instant now) override {
    one.not_before.reset();
    auto const* const deferred = std::get_if<queue::Deferred>(&outcome);
    if (deferred == nullptr) return;
    Instant const last = last_chance(message, now);
    if (!deferred->attempted) {
      if (deferred->retry_at) one.not_before = std::min(*deferred->retry_at, last);
      return;
    }
    ++one.attempts;
    one.not_before = std::min(now + step_of(one.attempts) * 9 / 10 - Duration{1}, last);
  }
  void on_leased(Accepted& message, queue::Lease const& lease, Scenario const&,
                 Instant now) override {
    for (std::uint32_t const index : lease.recipients) {
      Addressee const& one = message.addressees.at(index);
      if (one.not_before && now < *one.not_before && !one.steered)
        fail(message.id.text() + ": " + one.address + " is tried before its time");
    }
  }
  /// What was settled in the last moment may not have happened for the next process.
  void on_process_end(Ledger& ledger, Instant since) override {
    for (auto& [id, message] : ledger.accepted()) {
      for (Addressee& one : message.addressees) {
        one.not_before.reset();
        if (one.settled_at >= since && one.attempts > 0) --one.attempts;
      }
    }
  }

 private:
  static std::vector<Addressee*> named(Accepted& message, journal::Entry const& entry) {
    std::vector<Addressee*> out;
    for (journal::Field const& field : entry.fields)
      if (field.key == journal::Key::recipient)
        if (Addressee* const one = message.find(field.value)) out.push_back(one);
    return out;
  }
  static Duration step_of(std::uint32_t attempts) {
    auto const& steps = ladder().steps;
    return steps[std::min<std::size_t>(attempts, steps.size()) - 1];
  }
  static queue::RetryLadder const& ladder() {
    static queue::RetryLadder const usual;
    return usual;
  }
  /// Never later than the message expires, nor than the time that its sender wished for.
  static Instant last_chance(Accepted const& message, Instant now) {
    Instant last = message.message->expires_at;
    auto const& wish = message.message->envelope.deliver_by;
    if (wish && now < *wish) last = std::min(last, *wish);
    return std::max(last, now);
  }
};
}  // namespace
std::unique_ptr<Checker> make_ladder() { return std::make_unique<Ladder>(); }
}  // namespace pb::sim
