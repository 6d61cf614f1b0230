// ledger.cpp: see ledger.hpp.                                            Spec: none of its own.
#include "sim/ledger.hpp"

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
}
}  // namespace pb::sim
