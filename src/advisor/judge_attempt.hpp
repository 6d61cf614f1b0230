// judge_attempt.hpp: the faults of one endpoint, given what was measured around it.
// Spec: verdict.hpp.
// Not here: choosing a port (verdict.cpp).
#pragma once

#include "advisor/verdict.hpp"

namespace pb::advisor {
/// What the controls and the other ports say about a port.
struct Surroundings {
  enum class Others : std::uint8_t { unknown, answer, silent, refuse } others = Others::unknown;
  bool all_refused = false;      // every connection of the probe was refused
  bool all_unreachable = false;  // no connection of the probe found a way
  bool anything_open = false;    // at the target, on any port
  bool middlebox = false;        // the surely closed port is open
  bool other_family_open = false;
  bool other_family_starttls = false;
  bool provider_promises_starttls = false;
  bool controls_wrong_dates = false;
  bool web_page_everywhere = false;
  std::vector<AttemptFacts const*> same_port_controls;
};
AttemptVerdict judge_attempt(ProbeFacts const& facts, AttemptFacts const& attempt,
                             Surroundings const& around);
}  // namespace pb::advisor
