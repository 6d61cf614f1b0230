// send.cpp: `packetboat send`: one message to one server, along a chosen order of ports.
// Spec: docs/reference/command-line.md ("send").
// Tests: tests/end_to_end/send_test.py    Not here: when to go on (advisor/submission_plan).
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/send_message.hpp"
#include "cli/send_messages.hpp"
#include "cli/standard_input.hpp"
#include "cli/submission_run.hpp"
#include "cli/verify_input.hpp"
#include "runtime/system.hpp"

namespace pb::cli {
namespace {
constexpr std::size_t message_octets_max = std::size_t{256} << 20;
constexpr std::uint64_t progress_from_octets = 1 << 20;

struct Options {
  SubmissionOptions submission;
  MessageOptions message;
  std::string body_file, html_file;
  bool json = false, transcript = false;
};

bool is_composed(Options const& options) {
  auto const& message = options.message;
  return !message.subject.empty() || !message.body.empty() || !message.html.empty() ||
         !message.attachments.empty();
}

std::expected<OutgoingMessage, Failure> message_of(Options& options, Terminal& terminal) {
  runtime::SystemRandom random;
  MessageContext const context{.now = runtime::SystemClock{}.now(),
                               .random = random,
                               .hostname = "localhost",
                               .language = terminal.language()};
  auto& message = options.message;
  for (auto const& [path, into] : {std::pair{&options.body_file, &message.body},
                                   std::pair{&options.html_file, &message.html}}) {
    if (path->empty()) continue;
    auto text = read_input(*path);
    if (!text) return std::unexpected{Failure{text.error().exit, text.error().text}};
    *into = std::move(*text);
  }
  if (is_composed(options)) {
    bool const piped = ::isatty(STDIN_FILENO) == 0;
    bool const has_body = !message.body.empty() || !message.html.empty();
    if (!has_body && piped) message.body = read_standard_input(message_octets_max);
    return compose_message(message, context);
  }
  return read_message(read_standard_input(message_octets_max), message, context);
}

void show_progress(runtime::SubmitSettings& settings, Terminal& terminal) {
  std::uint64_t const whole = settings.transaction.octets;
  if (!terminal.interactive() || whole < progress_from_octets) return;
  settings.on_progress = [&terminal, whole](std::uint64_t octets) {
    terminal.err() << "\r  " << octets * 100 / whole << " %" << std::flush;
    if (octets + 128 * 1024 >= whole) terminal.err() << "\r       \r" << std::flush;
  };
}

Exit run_send(Options options, Terminal& terminal) {
  if (options.message.from.empty() && !options.submission.account.empty()) {
    auto const accounts = load_mail_accounts();
    auto const* account = accounts ? find_account(*accounts, options.submission.account) : nullptr;
    if (account != nullptr) options.message.from = account->from;
  }
  auto message = message_of(options, terminal);
  if (!message) return report(terminal, message.error());
  auto prepared = prepare_submission(options.submission, message->from, terminal);
  if (!prepared) return report(terminal, prepared.error());
  SendReport shown;
  for (auto const& path : message->transaction.envelope.forward_paths)
    shown.recipients.push_back(path.mailbox.text());
  prepared->settings.transaction = std::move(message->transaction);
  prepared->settings.content = message->content;
  show_progress(prepared->settings, terminal);
  Show show = options.transcript ? Show::screen_and_transcript : Show::screen;
  if (options.json) show = Show::json;
  return run_submission(*prepared, std::move(shown), show, terminal);
}
}  // namespace

void add_send(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  auto& message = options->message;
  command.add_option("--from", message.from, "your address: \"Ann <ann@example.com>\"");
  command.add_option("--to", message.to, "a recipient; may be repeated")->allow_extra_args(false);
  command.add_option("--cc", message.cc, "a recipient of a copy")->allow_extra_args(false);
  command.add_option("--bcc", message.bcc, "one whom the others do not see")
      ->allow_extra_args(false);
  command.add_option("--subject", message.subject, "the subject");
  command.add_option("--body", message.body, "the text");
  command.add_option("--body-file", options->body_file, "the text is in this file");
  command.add_option("--html", message.html, "the text as HTML");
  command.add_option("--html-file", options->html_file, "the HTML is in this file");
  command.add_option("--attach", message.attachments, "a file to attach; may be repeated")
      ->allow_extra_args(false);
  add_submission_options(command, options->submission);
  command.add_flag("--json", options->json, "print packetboat.send/1");
  command.add_flag("--transcript", options->transcript, "show what was said; never a password");
  command.footer(
      "Without --subject, --body, --html or --attach a whole message is read from standard input.\n"
      "Exit codes: 0 sent, 1 to some, 2 refused, 3 danger, 69 no such host, 75 try again later,\n"
      "76 sent to its end without an answer (do not repeat blindly), 77 login refused.\n"
      "Examples:\n"
      "  packetboat send --from you@gmail.com --to bob@example.com --subject Hi --body Hello\n"
      "  packetboat send --server smtp.example.com --user you --from you@example.com \\\n"
      "      --to bob@example.com --subject Report --attach report.pdf < text.txt\n"
      "  packetboat send --account work < message.eml");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_send(*options, terminal); };
  });
}
}  // namespace pb::cli
