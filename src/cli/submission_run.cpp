// submission_run.cpp: see submission_run.hpp.
// Spec: docs/reference/command-line.md ("send").          Tests: tests/end_to_end/send_test.py
#include "cli/submission_run.hpp"

#include <ostream>
#include <utility>

#include "base/encoding.hpp"
#include "cli/known_networks.hpp"
#include "runtime/system.hpp"

namespace pb::cli {
namespace {
void print_transcripts(runtime::SubmitResult const& result, Terminal& terminal) {
  for (auto const& attempt : result.attempts) {
    terminal.out() << "\n--- " << attempt.said.remote << '\n';
    for (auto const& line : attempt.said.lines) {
      using Kind = queue::TranscriptLine::Kind;
      char const mark = line.kind == Kind::sent ? '>' : line.kind == Kind::received ? '<' : '*';
      terminal.out() << mark << ' ' << escape_for_display(line.text, 1024) << '\n';
    }
  }
}
}  // namespace

Exit exit_of(advisor::Sent sent) {
  switch (sent) {
    case advisor::Sent::all:
      return Exit::ok;
    case advisor::Sent::some:
      return Exit::second_choice;
    case advisor::Sent::refused:
      return Exit::not_usable;
    case advisor::Sent::not_yet:
      return Exit::temporary;
    case advisor::Sent::danger:
      return Exit::danger;
    case advisor::Sent::login:
      return Exit::no_permission;
    case advisor::Sent::uncertain:
      return Exit::uncertain;
  }
  return Exit::software;
}

std::expected<SendReport, Failure> submit_and_report(PreparedSubmission const& prepared,
                                                     SendReport report) {
  report.host = prepared.settings.host;
  report.with_login = prepared.settings.credentials.has_value();
  report.only_login = prepared.settings.only_login;
  auto result = runtime::submit(prepared.settings);
  if (!result) return std::unexpected{Failure{Exit::bad_data, escape_for_display(result.error())}};
  report.result = std::move(*result);
  auto const sent = judged(report);
  auto const& way = report.result.attempts.back().way;
  bool const worked = sent == advisor::Sent::all || sent == advisor::Sent::some;
  if (worked && way.security != advisor::Security::none) {
    auto const now = runtime::SystemClock{}.now().time_since_epoch();
    remember_way(prepared.network, report.host, way,
                 std::chrono::duration_cast<std::chrono::seconds>(now).count());
  }
  return report;
}

Exit run_submission(PreparedSubmission const& prepared, SendReport given, Show show,
                    Terminal& terminal) {
  auto const done = submit_and_report(prepared, std::move(given));
  if (!done) return report(terminal, done.error());
  if (show == Show::json)
    terminal.out() << send_json(*done);
  else
    terminal.out() << send_screen(terminal.language(), *done, terminal.columns());
  if (show == Show::screen_and_transcript) print_transcripts(done->result, terminal);
  return exit_of(judged(*done));
}
}  // namespace pb::cli
