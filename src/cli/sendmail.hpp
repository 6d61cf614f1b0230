// sendmail.hpp: /usr/sbin/sendmail's place, for PHP, cron, mutt and git.
// Spec: docs/reference/command-line.md ("sendmail"); exit codes of sysexits.h.
// Tests: tests/end_to_end/sendmail_test.py         Not here: its options (sendmail_arguments).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"

namespace pb::cli {
/// True for "sendmail", "mailq" and "newaliases", with or without a folder in front.
bool is_sendmail_name(std::string_view program);
/// `program` chooses what is done without options: mailq lists, newaliases does nothing.
Exit run_sendmail(std::string_view program, std::span<std::string const> arguments,
                  Terminal& terminal);
}  // namespace pb::cli
