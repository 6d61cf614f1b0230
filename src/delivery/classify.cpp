// classify.cpp: the two tables: by the reply that decided, and by the fault that left no reply.
// Spec: RFC 5321 §4.2.1; RFC 3463; RFC 4954 §6.                         Tests: classify_test.cpp
#include "delivery/classify.hpp"

#include "base/encoding.hpp"
#include "base/mark.hpp"

namespace pb::delivery {
namespace {
using queue::Bounced;
using queue::Deferred;
using queue::Delivered;
using queue::Outcome;
using queue::Reason;
using smtp::EnhancedStatus;
using smtp::client::Fault;
using smtp::client::Phase;
using smtp::client::RecipientResult;
using smtp::client::Transcript;
constexpr std::size_t reply_text_octets_max = 1024;

queue::RemoteReply remote(std::optional<smtp::client::RemoteReply> const& reply,
                          std::string const& host) {
  queue::RemoteReply out;
  out.host = host;
  if (!reply) return out;
  out.code = reply->code;
  out.status = reply->status;
  out.text = reply->text.substr(0, reply_text_octets_max);
  return out;
}

/// Faults without a reply for the recipient: the reason, and where the message goes next.
struct FaultRow {
  Fault fault;
  Next next;
  Reason reason;
  EnhancedStatus bounce;  // all zero: deferred when no hop is left
};
constexpr FaultRow fault_rows[] = {
    {Fault::none, Next::new_transaction, Reason::too_many_recipients, {}},
    {Fault::connect_failed, Next::next_hop, Reason::connect_failed, {}},
    {Fault::timeout, Next::next_hop, Reason::remote_timeout, {}},
    {Fault::connection_lost, Next::next_hop, Reason::connection_lost, {}},
    {Fault::bad_reply, Next::next_hop, Reason::remote_garbage, {}},
    {Fault::service_closing, Next::next_hop, Reason::service_closing, {}},
    {Fault::refused, Next::next_hop, Reason::greeting_refused, {}},
    {Fault::tls_failed, Next::next_hop, Reason::tls_failed, {}},
    {Fault::tls_untrusted, Next::next_hop, Reason::untrusted_certificate, {}},
    {Fault::tls_missing, Next::next_hop, Reason::policy_tls_required, {}},
    {Fault::injected_plaintext, Next::next_hop, Reason::tls_failed, {}},
    {Fault::auth_missing, Next::next_hop, Reason::credentials_refused, {}},
    {Fault::auth_refused, Next::next_hop, Reason::credentials_refused, {}},
    {Fault::auth_deferred, Next::next_hop, Reason::remote_deferred, {}},
    {Fault::auth_unproven, Next::next_hop, Reason::credentials_refused, {}},
    {Fault::too_large, Next::next_hop, Reason::message_too_large, {5, 3, 4}},
    {Fault::eight_bit_missing, Next::eight_bit, Reason::eight_bit_unsupported, {5, 6, 3}},
    {Fault::utf8_address_unsupported, Next::next_hop, Reason::utf8_address_unsupported, {5, 6, 7}},
    {Fault::utf8_header_unsupported, Next::next_hop, Reason::utf8_header_unsupported, {5, 6, 9}},
    {Fault::deliverby_missing, Next::next_hop, Reason::deliver_by_passed, {5, 3, 3}},
    {Fault::body_failed, Next::settle, Reason::store_fault, {}},
    {Fault::cancelled, Next::settle, Reason::shutting_down, {}},
};

FaultRow const& row_of(Fault fault) {
  for (FaultRow const& row : fault_rows)
    if (row.fault == fault) return row;
  return fault_rows[0];
}

Deferred deferred(Reason reason, queue::RemoteReply reply) {
  Deferred out;
  out.reason = reason;
  out.reply = std::move(reply);
  return out;
}

/// A connection that was kept open and is gone when it is used again says nothing of the host.
bool went_stale(Transcript const& transcript, HopFacts const& hop) {
  if (!hop.reused) return false;
  bool const early = transcript.phase == Phase::idle || transcript.phase == Phase::rset ||
                     transcript.phase == Phase::mail;
  return early &&
         (transcript.fault == Fault::connection_lost || transcript.fault == Fault::service_closing);
}

bool clear_text_allowed(Transcript const& transcript, HopFacts const& hop) {
  bool const handshake =
      transcript.fault == Fault::tls_failed ||
      (transcript.phase == Phase::tls && transcript.fault == Fault::timeout) ||
      (transcript.phase == Phase::tls && transcript.fault == Fault::connection_lost);
  return handshake && hop.tls == smtp::client::TlsUse::opportunistic;
}

Decision by_fault(Transcript const& transcript, HopFacts const& hop) {
  queue::RemoteReply reply = remote(transcript.reply, hop.host);
  if (reply.code == 0) reply.text = transcript.detail.substr(0, reply_text_octets_max);
  // The content was there to its end: perhaps it was taken. Another host now would make two.
  if (transcript.end_of_data_sent && transcript.fault != Fault::none) PB_MARK(outcome_unknown);
  if (transcript.end_of_data_sent && transcript.fault != Fault::none)
    return {Next::settle, deferred(Reason::outcome_unknown, std::move(reply))};
  FaultRow const& row = row_of(transcript.fault);
  Reason reason = row.reason;
  if (transcript.fault == Fault::timeout && transcript.phase == Phase::connect)
    reason = Reason::connect_timeout;
  Decision out{row.next, deferred(reason, reply)};
  if (row.bounce != EnhancedStatus{}) out.outcome = Bounced{row.bounce, reason, std::move(reply)};
  if (transcript.fault == Fault::cancelled) std::get<Deferred>(out.outcome).attempted = false;
  if (went_stale(transcript, hop)) PB_MARK(stale_connection);
  if (clear_text_allowed(transcript, hop)) PB_MARK(tried_in_the_clear);
  if (transcript.fault == Fault::service_closing) PB_MARK(closed_by_421);
  if (transcript.fault == Fault::bad_reply) PB_MARK(reply_is_garbage);
  if (transcript.fault == Fault::tls_untrusted) PB_MARK(peer_not_trusted);
  if (transcript.fault == Fault::tls_missing) PB_MARK(tls_missing);
  if (transcript.fault == Fault::cancelled) PB_MARK(cancelled_by_drain);
  if (went_stale(transcript, hop)) out.next = Next::reconnect;
  if (clear_text_allowed(transcript, hop)) out.next = Next::in_the_clear;
  return out;
}

/// 452, and the 552 of older servers, while others were accepted (RFC 5321 §4.5.3.1.10). An
/// enhanced status of another kind (a full mailbox, X.2.2) says that it is about this recipient.
bool is_too_many(RecipientResult const& result, bool others_accepted) {
  if (!others_accepted || result.phase != Phase::rcpt) return false;
  if (result.reply->code != 452 && result.reply->code != 552) return false;
  EnhancedStatus const status = result.reply->status;
  return status == EnhancedStatus{} || (status.subject == 5 && status.detail == 3);
}

/// A smarthost that does not let us in: our fault, not the recipient's (RFC 4954 §6).
bool wants_login(std::uint16_t code) { return code == 530 || code == 534 || code == 535; }

Decision by_reply(RecipientResult const& result, HopFacts const& hop, bool others_accepted,
                  Transcript const& transcript) {
  queue::RemoteReply reply = remote(result.reply, hop.host);
  if (result.delivered()) {
    Delivered out;
    out.reply = std::move(reply);
    if (hop.kind == HopKind::lmtp) out.destination = queue::Destination::mailbox;
    out.dsn_passed_on = transcript.dsn_offered;
    out.deliver_by_passed_on = transcript.deliverby_offered;
    return {Next::settle, out};
  }
  if (result.reply->code == 421) {
    // Many hosts take a number of messages a connection, and say so to the next MAIL.
    bool const stale = hop.reused && result.phase == Phase::mail;
    if (stale) PB_MARK(stale_connection);
    return {stale ? Next::reconnect : Next::next_hop,
            deferred(Reason::service_closing, std::move(reply))};
  }
  if (is_too_many(result, others_accepted)) PB_MARK(too_many_recipients);
  if (is_too_many(result, others_accepted))
    return {Next::new_transaction, deferred(Reason::too_many_recipients, std::move(reply))};
  if (hop.kind == HopKind::smarthost && wants_login(reply.code))
    return {Next::next_hop, deferred(Reason::credentials_refused, std::move(reply))};
  if (result.reply->is_permanent()) {
    EnhancedStatus const status =
        reply.status == EnhancedStatus{} ? EnhancedStatus{5, 0, 0} : reply.status;
    return {Next::settle, Bounced{status, Reason::remote_refused, std::move(reply)}};
  }
  return {Next::settle, deferred(Reason::remote_deferred, std::move(reply))};
}

int severity(Outcome const& outcome) {
  if (std::holds_alternative<Delivered>(outcome)) return 0;
  return std::holds_alternative<Deferred>(outcome) ? 1 : 2;
}
}  // namespace

std::vector<Decision> classify(Transcript const& transcript, HopFacts const& hop) {
  bool others_accepted = false;
  for (RecipientResult const& result : transcript.recipients)
    others_accepted = others_accepted || !result.reply || result.phase > Phase::rcpt;
  std::vector<Decision> out;
  out.reserve(transcript.recipients.size());
  for (RecipientResult const& result : transcript.recipients) {
    if (result.address_unsendable) {
      out.push_back({Next::next_hop,
                     Bounced{{5, 6, 7}, Reason::utf8_address_unsupported, remote({}, hop.host)}});
    } else if (result.reply) {
      out.push_back(by_reply(result, hop, others_accepted, transcript));
    } else {
      out.push_back(by_fault(transcript, hop));
    }
  }
  return out;
}

bool is_operator_fault(Reason reason) {
  return reason == Reason::credentials_refused || reason == Reason::untrusted_certificate ||
         reason == Reason::no_route || reason == Reason::local_fault ||
         reason == Reason::store_fault;
}

Outcome const& milder(Outcome const& before, Outcome const& now) {
  return severity(before) < severity(now) ? before : now;
}
}  // namespace pb::delivery
