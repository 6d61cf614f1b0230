// attempt.cpp: see attempt.hpp.                             Spec: delivery/classify.hpp.
#include "sim/attempt.hpp"

#include <utility>

#include "sim/node.hpp"
#include "sim/world.hpp"

namespace pb::sim {
namespace client = smtp::client;
using delivery::Next;

namespace {
/// From the first transaction on, until what came of it is settled.
void mark_sending(SimWorld& world, Job const& job, std::uint32_t recipient, bool now) {
  if (Accepted* const message = world.ledger.find(job.lease.id))
    message->addressees.at(recipient).leased = now;
}
}  // namespace

Attempt::~Attempt() {
  if (link_) link_->disown();
}

void Attempt::start(Job job) {
  job_ = std::move(job);
  plan_.emplace(job_.route, job_.recipients);
  eight_bit_anyway_ = false;
  running_ = true;
  ++sender_.node().world().counts.attempts;
  sender_.node().sending(job_.lease.lease, job_.lease.id);
  for (std::uint32_t const recipient : job_.recipients)
    mark_sending(sender_.node().world(), job_, recipient, true);
  walk();
}

void Attempt::walk() {
  if (ready()) return begin();
  if (!cancelled_ && plan_->lacks_eight_bit()) {  // no host has 8BITMIME: as it is
    eight_bit_anyway_ = true;
    plan_->retry_without_eight_bit();
    if (ready()) return begin();
  }
  finish();
}

bool Attempt::ready() { return !cancelled_ && !plan_->recipients().empty() && ensure_connection(); }

bool Attempt::ensure_connection() {
  if (link_ && link_->usable()) return true;
  drop_connection();
  if (plan_->hop() == nullptr) return false;
  hop_ = *plan_->hop();
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
  settings.tls = plan_->tls(hop);
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
  for (std::uint32_t const recipient : plan_->recipients())
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
  Next const next = plan_->take(transcript, hop_, begun_ > 1);
  if (plan_->more()) settle_delivered();
  if (next != Next::settle && next != Next::new_transaction) drop_connection();
  walk();
}

void Attempt::settle_delivered() {
  auto delivered = plan_->take_delivered();
  if (delivered.empty()) return;
  for (queue::RecipientOutcome const& one : delivered)
    mark_sending(sender_.node().world(), job_, one.recipient, false);
  sender_.settle_some(job_, std::move(delivered));
}

/// From now on it is known which recipients were taken.
void Attempt::note_receipts(client::Transcript const& transcript) {
  SimWorld& world = sender_.node().world();
  Accepted* const message = world.ledger.find(job_.lease.id);
  if (message == nullptr) return;
  for (std::size_t i = 0; i < transcript.recipients.size(); ++i) {
    if (!transcript.recipients[i].delivered()) continue;
    for (Receipt& receipt : message->addressees[plan_->recipients()[i]].receipts) {
      if (receipt.wire != link_->wire_number() || receipt.known_at) continue;
      receipt.known_at = world.time.now();
      receipt.disk_free_then = world.disk_free();
    }
  }
}

void Attempt::finish() {
  running_ = false;
  for (std::uint32_t const recipient : job_.recipients)
    mark_sending(sender_.node().world(), job_, recipient, false);
  sender_.attempt_over(slot_, plan_->finish(), plan_->showed(cancelled_));
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
