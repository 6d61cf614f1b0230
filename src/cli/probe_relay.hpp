// probe_relay.hpp: `packetboat probe --relay DOMAIN`: is mail from other servers protected?
// Spec: docs/reference/command-line.md ("probe --relay").
// Not here: judging (advisor/relay), asking the DNS (probe_domain).
#pragma once

#include "cli/terminal.hpp"
#include "cli/verify_input.hpp"
#include "runtime/prober.hpp"

namespace pb::cli {
/// `like` gives issuers, families and the time for everything; its host and ports are not used.
Exit probe_relay(std::string const& domain, VerifyCommon const& common,
                 runtime::ProbeSettings const& like, Terminal& terminal);
}  // namespace pb::cli
