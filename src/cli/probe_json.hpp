// probe_json.hpp: the schema packetboat.probe/1.
// Spec: docs/reference/probe-json.md.
// Not here: measuring and judging.
#pragma once

#include <string>

#include "advisor/verdict.hpp"

namespace pb::cli {
std::string probe_json(advisor::ProbeFacts const& facts, advisor::Verdict const& verdict);
}  // namespace pb::cli
