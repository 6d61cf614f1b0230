// attempt.cpp: see attempt.hpp.                             Spec: delivery/classify.hpp.
#include "sim/attempt.hpp"

#include <algorithm>
#include <utility>

#include "sim/node.hpp"
#include "sim/world.hpp"

namespace pb::sim {
namespace client = smtp::client;
using delivery::Decision;
using delivery::Next;

namespace {
/// What several transactions bring is settled behind the last of them.
void mark_sending(SimWorld& world, Job const& job, bool now) {
  if (Accepted* const message = world.ledger.find(job.lease.id))
    for (std::uint32_t const recipient : job.recipients)
      message->addressees.at(recipient).leased = now;
}
}  // namespace

Attempt::~Attempt() {
  if (link_) link_->disown();
}

void Attempt::start(Job job) {
  job_ = std::move(job);
  hops_ = delivery::choose_hops(job_.route.hops);
  next_hop_ = 0;
  pending_ = job_.recipients;
  next_.clear();
  lack_eight_bit_.clear();
  last_.clear();
  reconnected_ = in_the_clear_ = eight_bit_anyway_ = reached_ = throttled_ = false;
  running_ = true;
  ++sender_.node().world().counts.attempts;
  sender_.node().sending(job_.lease.lease, job_.lease.id);
  mark_sending(sender_.node().world(), job_, true);
  walk();
}

void Attempt::walk() {
  if (pending_.empty()) pending_ = std::exchange(next_, {});
  if (!cancelled_ && !pending_.empty() && ensure_connection()) return begin();
  if (!cancelled_ && !lack_eight_bit_.empty()) {  // no host has 8BITMIME: as it is
    eight_bit_anyway_ = true;
    pending_ = std::exchange(lack_eight_bit_, {});
    next_hop_ = 0;
    in_the_clear_ = false;
    if (ensure_connection()) return begin();
  }
  finish();
}

bool Attempt::ensure_connection() {
  if (link_ && link_->usable()) return true;
  drop_connection();
  if (next_hop_ >= hops_.size()) return false;
  hop_ = hops_[next_hop_];
  SimWorld& world = sender_.node().world();
  link_ = std::make_shared<ClientLink>(world.time, settings_for(hop_), this);
  world.watch_over(link_);
  begun_ = 0;
  return true;
}

client::Settings Attempt::settings_for(delivery::Hop const& hop) const {
  client::Settings settings;
  settings.ehlo_name = Sites::routes().hostname;
  settings.protocol =
      job_.route.kind == delivery::HopKind::lmtp ? client::Protocol::lmtp : client::Protocol::smtp;
  settings.tls = in_the_clear_ ? client::TlsUse::never : hop.tls;
  if (sender_.node().world().planted(Plant::downgrade)) settings.tls = client::TlsUse::never;
  settings.server_host = hop.host;
  settings.server_port = hop.endpoint.port;
  settings.record_dialogue = false;
  auto const credentials = Sites::routes().credentials.find(hop.host);
  if (hop.has_credentials && credentials != Sites::routes().credentials.end())
    settings.credentials = credentials->second;
  settings.client_nonce = "simulated-nonce-of-some-length";
  return settings;
}

void Attempt::begin() {
  SimWorld& world = sender_.node().world();
  client::Transaction transaction;
  queue::QueuedMessage const& message = *job_.lease.message;
  transaction.envelope = message.envelope;
  transaction.envelope.forward_paths.clear();
  for (std::uint32_t const recipient : pending_)
    transaction.envelope.forward_paths.push_back(message.envelope.forward_paths[recipient]);
  transaction.octets = job_.content->size();
  transaction.eight_bit = message.eight_bit;
  transaction.eight_bit_anyway = eight_bit_anyway_;
  if (message.envelope.deliver_by) {
    auto const left = *message.envelope.deliver_by - sender_.node().clock().now();
    transaction.deliver_by_seconds = std::chrono::duration_cast<std::chrono::seconds>(left).count();
  }
  bool const is_new = link_->wire_number() == 0;
  if (is_new) world.dial(hop_, *link_);
  world.ledger.on_wire[link_->wire_number()] = job_.lease.id;
  auto const link = link_;  // it may be dropped by what follows
  ++begun_;
  link->begin(std::move(transaction), job_.content);
}

void Attempt::on_done(client::Transcript transcript) {
  if (!running_) return;
  note_receipts(transcript);
  bool const setup = transcript.phase < client::Phase::rset;
  if (transcript.fault == client::Fault::service_closing) throttled_ = true;
  if (transcript.fault == client::Fault::none || !setup) reached_ = true;
  delivery::HopFacts facts{hop_.text(), job_.route.kind, hop_.tls, begun_ > 1};
  if (in_the_clear_) facts.tls = client::TlsUse::never;
  Next const next = apply(delivery::classify(transcript, facts));
  if (next == Next::settle || next == Next::new_transaction) return walk();
  drop_connection();
  bool const same = next == Next::reconnect || next == Next::in_the_clear;
  auto const tried = std::ranges::find(hops_, hop_);
  if (tried != hops_.end())
    next_hop_ = static_cast<std::size_t>(tried - hops_.begin()) + (same ? 0 : 1);
  if (!same) in_the_clear_ = false;
  walk();
}

/// What is to be done now; pending_ and next_ are set for it.
Next Attempt::apply(std::vector<Decision> const& decisions) {
  std::vector<std::uint32_t> again;
  bool progress = false, reconnect = false, clear = false;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    std::uint32_t const recipient = pending_[i];
    Decision const& decision = decisions[i];
    auto const before = last_.find(recipient);
    bool const final = decision.next == Next::settle;
    queue::Outcome outcome = decision.outcome;
    if (!final && before != last_.end()) outcome = delivery::milder(before->second, outcome);
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
  if (clear && !std::exchange(in_the_clear_, true)) return Next::in_the_clear;
  return Next::next_hop;
}

/// From now on it is known which recipients were taken.
void Attempt::note_receipts(client::Transcript const& transcript) {
  SimWorld& world = sender_.node().world();
  Accepted* const message = world.ledger.find(job_.lease.id);
  if (message == nullptr) return;
  for (std::size_t i = 0; i < transcript.recipients.size(); ++i) {
    if (!transcript.recipients[i].delivered()) continue;
    for (Receipt& receipt : message->addressees[pending_[i]].receipts) {
      if (receipt.wire == link_->wire_number() && !receipt.known_at)
        receipt.known_at = world.time.now();
    }
  }
}

void Attempt::finish() {
  running_ = false;
  mark_sending(sender_.node().world(), job_, false);
  queue::Deferred untried;
  untried.reason = queue::Reason::shutting_down;
  untried.attempted = false;
  AttemptResult result;
  for (std::uint32_t const recipient : job_.recipients) last_.try_emplace(recipient, untried);
  for (auto& [recipient, outcome] : last_)
    result.outcomes.push_back({recipient, std::move(outcome)});
  result.showed = throttled_               ? delivery::Showed::throttles
                  : reached_ || cancelled_ ? delivery::Showed::works
                                           : delivery::Showed::is_down;
  sender_.attempt_over(slot_, std::move(result));
}

void Attempt::on_closed() {
  link_.reset();
  if (!running_) sender_.slot_lost(slot_);
}

void Attempt::drop_connection() {
  if (!link_) return;
  link_->disown();
  auto const link = std::exchange(link_, nullptr);
  sender_.node().world().let_go(link);
  link->quit();
}

void Attempt::cancel() {
  cancelled_ = true;
  if (running_ && link_) link_->quit();
}

void Attempt::close() { drop_connection(); }
}  // namespace pb::sim
