// attempt_plan.hpp: one message at one site: who is tried next at which host, and what came of it.
// Spec: RFC 5321 §5.1; docs/reference ("what fails over, defers, bounces").
// Tests: attempt_plan_test.cpp     Not here: connections (runtime/), what a reply means (classify).
//
// The loop that runs it, in the daemon and in the simulator:
//   while (!plan.recipients().empty() && (a connection is usable || plan.hop() to connect to))
//     plan.take(transcript of a transaction for plan.recipients(), ...);
// then once more after retry_without_eight_bit(), where that is wanted.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "delivery/classify.hpp"
#include "delivery/route.hpp"
#include "delivery/site_pool.hpp"
#include "queue/lease.hpp"

namespace pb::delivery {
class AttemptPlan {
 public:
  AttemptPlan(Route const& route, std::vector<std::uint32_t> recipients);

  /// Of the next transaction, as indices into the message's envelope. Empty: nobody is left.
  [[nodiscard]] std::span<std::uint32_t const> recipients() const { return pending_; }
  /// Where to connect next; null: every host had its turn.
  [[nodiscard]] Hop const* hop() const { return at_ < hops_.size() ? &hops_[at_] : nullptr; }
  /// What is to be asked of this hop's TLS now.
  [[nodiscard]] smtp::client::TlsUse tls(Hop const& hop) const {
    return in_the_clear_ ? smtp::client::TlsUse::never : hop.tls;
  }

  /// A transaction for recipients() with `hop` ended; `reused`: it was not the connection's first.
  /// What to do next; settle and new_transaction go on with the connection, all else without it.
  Next take(smtp::client::Transcript const& transcript, Hop const& hop, bool reused);
  /// Those delivered so far and not taken yet: to be settled now when more() transactions come,
  /// lest a crash meanwhile makes us deliver them a second time (RFC 5321 §6.1).
  std::vector<queue::RecipientOutcome> take_delivered();
  [[nodiscard]] bool more() const { return !pending_.empty() || !lack_eight_bit_.empty(); }

  [[nodiscard]] bool lacks_eight_bit() const { return !lack_eight_bit_.empty(); }
  /// No host takes 8BITMIME: those who need it are tried again, with the content changed.
  void retry_without_eight_bit();

  /// One for each recipient that take_delivered() did not give. Ends the plan.
  std::vector<queue::RecipientOutcome> finish();
  [[nodiscard]] Showed showed(bool cancelled) const;

 private:
  void note_progress(smtp::client::Transcript const& transcript);
  Next apply(std::vector<Decision> const& decisions);

  HopKind kind_;
  std::vector<Hop> hops_;
  std::size_t at_ = 0;
  std::vector<std::uint32_t> untold_;   // no outcome of theirs has been given out
  std::vector<std::uint32_t> pending_;  // to be tried at the current hop
  std::vector<std::uint32_t> next_;     // to be tried at the one behind it
  std::vector<std::uint32_t> lack_eight_bit_;
  std::map<std::uint32_t, queue::Outcome> last_;  // the outcome if nothing better comes
  bool reconnected_ = false;
  bool in_the_clear_ = false;  // at the current hop
  bool reached_ = false;
  bool throttled_ = false;
  bool own_fault_ = false;
};
}  // namespace pb::delivery
