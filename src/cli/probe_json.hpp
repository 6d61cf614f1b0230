// probe_json.hpp: what a program reads of a probe: the schema packetboat.probe/1, the exit code.
// Spec: docs/reference/probe-json.md.
// Not here: measuring and judging.
#pragma once

#include <string>

#include "advisor/domain_facts.hpp"
#include "cli/probe_compare.hpp"
#include "cli/terminal.hpp"

namespace pb::cli {
std::string probe_json(advisor::ProbeFacts const& facts, advisor::Verdict const& verdict,
                       advisor::DomainFacts const* domain = nullptr,
                       OtherPlace const* other = nullptr);
Exit exit_of(advisor::Outcome outcome);
}  // namespace pb::cli
