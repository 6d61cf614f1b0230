// attempt_plan.cpp: the walk over hosts; each decision of classify() moves it on.
// Spec: delivery/classify.hpp.                                     Tests: attempt_plan_test.cpp
#include "delivery/attempt_plan.hpp"

#include <algorithm>
#include <utility>

namespace pb::delivery {
namespace client = smtp::client;

AttemptPlan::AttemptPlan(Route const& route, std::vector<std::uint32_t> recipients)
    : kind_{route.kind},
      hops_{choose_hops(route.hops)},
      untold_{recipients},
      pending_{std::move(recipients)} {}

Next AttemptPlan::take(client::Transcript const& transcript, Hop const& hop, bool reused) {
  Next const next = apply(classify(transcript, {hop.text(), kind_, tls(hop), reused}));
  // A kept connection that had ended meanwhile, by a 421 as well, says nothing of the site.
  if (next != Next::reconnect) note_progress(transcript);
  if (next == Next::settle || next == Next::new_transaction) return next;
  bool const same = next == Next::reconnect || next == Next::in_the_clear;
  auto const tried = std::ranges::find(hops_, hop);
  if (tried != hops_.end()) at_ = static_cast<std::size_t>(tried - hops_.begin()) + (same ? 0 : 1);
  if (next == Next::in_the_clear) in_the_clear_ = true;
  if (!same) in_the_clear_ = false;
  return next;
}

/// What is to be done now; pending_ and next_ are set for it.
Next AttemptPlan::apply(std::vector<Decision> const& decisions) {
  std::vector<std::uint32_t> again;
  bool progress = false, reconnect = false, clear = false;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    std::uint32_t const recipient = pending_[i];
    Decision const& decision = decisions[i];
    auto const before = last_.find(recipient);
    bool const final = decision.next == Next::settle;
    queue::Outcome outcome = decision.outcome;
    if (!final && before != last_.end()) outcome = milder(before->second, outcome);
    last_.insert_or_assign(recipient, std::move(outcome));
    progress = progress || final;
    if (final) std::erase(lack_eight_bit_, recipient);
    reconnect = reconnect || decision.next == Next::reconnect;
    clear = clear || decision.next == Next::in_the_clear;
    if (decision.next == Next::new_transaction)
      again.push_back(recipient);
    else if (!final)
      next_.push_back(recipient);
    if (decision.next == Next::eight_bit &&
        std::ranges::find(lack_eight_bit_, recipient) == lack_eight_bit_.end())
      lack_eight_bit_.push_back(recipient);
  }
  pending_ = std::move(again);
  if (!pending_.empty() && progress) return Next::new_transaction;
  next_.insert(next_.end(), pending_.begin(), pending_.end());
  pending_ = std::exchange(next_, {});
  if (pending_.empty()) return Next::settle;
  if (reconnect && !std::exchange(reconnected_, true)) return Next::reconnect;
  if (clear && !in_the_clear_) return Next::in_the_clear;
  return Next::next_hop;
}

std::vector<queue::RecipientOutcome> AttemptPlan::take_delivered() {
  std::vector<queue::RecipientOutcome> out;
  std::erase_if(untold_, [&](std::uint32_t recipient) {
    auto const known = last_.find(recipient);
    if (known == last_.end()) return false;
    bool const delivered = std::holds_alternative<queue::Delivered>(known->second);
    if (delivered) out.push_back({recipient, std::move(known->second)});
    return delivered;
  });
  return out;
}

void AttemptPlan::retry_without_eight_bit() {
  pending_ = std::exchange(lack_eight_bit_, {});
  at_ = 0;
  in_the_clear_ = false;
}

std::vector<queue::RecipientOutcome> AttemptPlan::finish() {
  queue::Deferred untried;
  untried.reason = queue::Reason::shutting_down;
  untried.attempted = false;
  std::vector<queue::RecipientOutcome> out;
  for (std::uint32_t const recipient : std::exchange(untold_, {})) {
    auto const known = last_.find(recipient);
    out.push_back({recipient, known == last_.end() ? untried : std::move(known->second)});
  }
  return out;
}

void AttemptPlan::note_progress(client::Transcript const& transcript) {
  if (transcript.fault == client::Fault::service_closing) throttled_ = true;
  if (transcript.fault == client::Fault::cancelled ||
      transcript.fault == client::Fault::body_failed)
    own_fault_ = true;
  bool const setup = transcript.phase < client::Phase::rset;
  if (transcript.fault == client::Fault::none || !setup) reached_ = true;
}

Showed AttemptPlan::showed(bool cancelled) const {
  if (throttled_) return Showed::throttles;
  return reached_ || own_fault_ || cancelled ? Showed::works : Showed::is_down;
}
}  // namespace pb::delivery
