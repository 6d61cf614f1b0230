// classify.hpp: what a transcript means for each recipient: delivered, deferred, bounced, or go on.
// Spec: RFC 5321 §4.2.1, §4.5.3.1.10, §4.5.4.1; the table "what fails over" in docs/reference.
// Tests: classify_test.cpp                  Not here: who goes on, and when (site_pool, runtime/).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "delivery/route.hpp"
#include "queue/outcome.hpp"
#include "smtp/client/transaction.hpp"

namespace pb::delivery {
/// What to do for a recipient before its outcome counts.
enum class Next : std::uint8_t {
  settle,           // nothing: the outcome is final for this attempt
  next_hop,         // another host; the outcome counts when there is none
  new_transaction,  // at once, to the same hop: it takes no more recipients in one
  reconnect,        // the same hop again: a connection that we kept was closed meanwhile
  in_the_clear,     // the same hop without TLS (opportunistic only)
  eight_bit         // another host; when none has 8BITMIME, as EightBit says
};

struct Decision {
  Next next = Next::settle;
  queue::Outcome outcome;
};

/// Where the transcript comes from.
struct HopFacts {
  std::string host;  // Hop::text()
  HopKind kind = HopKind::mx;
  smtp::client::TlsUse tls = smtp::client::TlsUse::opportunistic;
  bool reused = false;  // not the first transaction of its connection
};

/// One decision for each recipient of the transaction, in its order.
std::vector<Decision> classify(smtp::client::Transcript const& transcript, HopFacts const& hop);

/// A fault that an operator must mend (a login, a certificate): to be logged as an error.
bool is_operator_fault(queue::Reason reason);

/// Takes the better known of two outcomes of one attempt: delivered, then deferred, then bounced: a
/// bounce counts only when no hop was merely unreachable.
queue::Outcome const& milder(queue::Outcome const& before, queue::Outcome const& now);
}  // namespace pb::delivery
