// explain_queue.hpp: what happened to a message, or what waits for a domain, and what binds now.
// Spec: docs/reference/command-line.md (packetboat explain).  Tests: tests/end_to_end/queue_test.py
// Not here: error texts (explain.cpp), the lists themselves (queue.cpp).
#pragma once

#include <string>

#include "cli/gateway.hpp"

namespace pb::cli {
enum class Form { screen, json };

/// Timeline with transcripts, the state of each recipient, what limits it now, the next attempt and
/// what would change it. Also of messages that have left, while the journal knows them.
Exit explain_message(Target const& target, std::string const& id, Form form, Terminal& terminal);
/// What is queued for it and why it waits, and what limits its next hop. Without server and store:
/// only what to type to measure it.
Exit explain_domain(Target const& target, std::string const& domain, Form form, Terminal& terminal);
}  // namespace pb::cli
