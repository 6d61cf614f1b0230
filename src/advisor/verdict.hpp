// verdict.hpp: from measured facts to faults, and from faults to one piece of advice.
// Spec: docs/reference/command-line.md; the discrimination ladder. A measured failure outranks
// every preference.
// Not here: measuring (runtime/prober), words on the screen (probe_screen.hpp).
#pragma once

#include <optional>
#include <vector>

#include "advisor/faults.hpp"
#include "advisor/probe_facts.hpp"
#include "advisor/providers.hpp"

namespace pb::advisor {
struct AttemptVerdict {
  std::vector<Fault> faults;  // in the order of the ladder; the first one stops a submission
  std::vector<Fault> notes;   // works all the same
  Security security = Security::none;  // what a submission there would really have
  [[nodiscard]] bool usable() const {
    return faults.empty() && (security == Security::starttls || security == Security::implicit_tls);
  }
};
struct PortVerdict {
  std::uint16_t port = 0;
  std::vector<AttemptVerdict> attempts;  // as in PortFacts
  [[nodiscard]] bool usable() const;
  /// Of the attempt that decides: a usable one, else the first.
  [[nodiscard]] AttemptVerdict const* deciding() const;
};

struct ChosenPort {
  std::uint16_t port = 0;
  Security security = Security::none;
};
/// The exit code of `packetboat probe`.
enum class Outcome : std::uint8_t { first_choice, other_choice, nothing, danger, this_computer };

struct Verdict {
  std::vector<Fault> name_faults;  // of step 1; when one stops all, ports is empty
  std::vector<Fault> notes;        // about the host as a whole
  std::vector<PortVerdict> ports;
  std::vector<std::uint16_t> wanted;  // the order of preference, for this provider
  std::optional<ChosenPort> advice;
  std::optional<ChosenPort> fallback;  // usable too
  std::optional<Fault> cause;          // why it is not the first choice, or nothing at all
  std::uint16_t cause_port = 0;
  std::vector<std::uint16_t> blocked;  // ports that this network drops
  Outcome outcome = Outcome::nothing;
};
Verdict judge(ProbeFacts const& facts, Preference preference, Provider const* provider);
}  // namespace pb::advisor
