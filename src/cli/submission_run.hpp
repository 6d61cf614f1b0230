// submission_run.hpp: sends what was prepared, shows what became of it, and keeps what worked.
// Spec: docs/reference/command-line.md ("send": screen, JSON, exit codes).
// Tests: tests/end_to_end/send_test.py                    Not here: the options
// (submission_options)
#pragma once

#include "cli/send_screen.hpp"
#include "cli/submission_options.hpp"

namespace pb::cli {
enum class Show : std::uint8_t { screen, screen_and_transcript, json };

Exit exit_of(advisor::Sent sent);
/// Blocks. `report` brings the recipients; what was sent is in `prepared.settings`.
std::expected<SendReport, Failure> submit_and_report(PreparedSubmission const& prepared,
                                                     SendReport report);
Exit run_submission(PreparedSubmission const& prepared, SendReport report, Show show,
                    Terminal& terminal);
}  // namespace pb::cli
