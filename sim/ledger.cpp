// ledger.cpp: see ledger.hpp.                                            Spec: none of its own.
#include "sim/ledger.hpp"

#include <algorithm>

namespace pb::sim {
void Counts::add(Counts const& other) {
  letters += other.letters;
  acknowledged += other.acknowledged;
  recipients += other.recipients;
  delivered += other.delivered;
  duplicates += other.duplicates;
  bounced += other.bounced;
  expired += other.expired;
  reports += other.reports;
  sessions += other.sessions;
  attempts += other.attempts;
  crashes += other.crashes;
  drains += other.drains;
  store_failures += other.store_failures;
  steps += other.steps;
  recipients_least = std::min(recipients_least, other.recipients_least);
  domains_least = std::min(domains_least, other.domains_least);
}
}  // namespace pb::sim
