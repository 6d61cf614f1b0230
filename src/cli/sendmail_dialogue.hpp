// sendmail_dialogue.hpp: `sendmail -bs`: SMTP on standard input and output.
// Spec: RFC 5321 §4.1; no extensions.                 Tests: tests/end_to_end/sendmail_test.py
// Not here: the server's sessions (smtp/server), sending (sendmail.cpp).
#pragma once

#include <functional>
#include <string>

#include "cli/outbox.hpp"
#include "cli/terminal.hpp"

namespace pb::cli {
/// Each message is given to `deliver` with CRLF line ends; its exit code becomes the reply.
Exit run_smtp_dialogue(Terminal& terminal,
                       std::function<Exit(OutboxEntry, std::string const&)> const& deliver);
}  // namespace pb::cli
