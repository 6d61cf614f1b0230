// sendmail.cpp: takes a message, hands it over at once, or keeps it in the outbox.
// Spec: sendmail(1); RFC 5321 §2.3.8 (bare LF never goes out).
// Tests: tests/end_to_end/sendmail_test.py         Not here: its options (sendmail_arguments).
#include "cli/sendmail.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <vector>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/account_messages.hpp"
#include "cli/commands.hpp"
#include "cli/outbox.hpp"
#include "cli/send_message.hpp"
#include "cli/sendmail_arguments.hpp"
#include "cli/sendmail_dialogue.hpp"
#include "cli/standard_input.hpp"
#include "cli/submission_run.hpp"
#include "mail/date.hpp"
#include "runtime/system.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
constexpr std::size_t message_octets_max = std::size_t{256} << 20;
constexpr auto no_user = static_cast<Exit>(67);  // EX_NOUSER

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

/// "root" is root@this-computer.
std::string qualified(std::string const& address) {
  return address.empty() || address.contains('@') ? address : address + '@' + host_name();
}

std::string own_address() {
  auto const accounts = load_mail_accounts();
  if (accounts) {
    auto const* chosen = find_account(*accounts, "default");
    if (chosen == nullptr && accounts->size() == 1) chosen = &accounts->front();
    if (chosen != nullptr) return chosen->from;
  }
  passwd const* const me = ::getpwuid(::geteuid());
  return qualified(me == nullptr ? "nobody" : me->pw_name);
}

/// Everything, or up to a line of one dot.
std::string read_text(bool dot_is_text) {
  if (dot_is_text) return read_standard_input(message_octets_max);
  std::string out;
  std::string const all = read_standard_input(message_octets_max);
  std::size_t at = 0;
  while (at < all.size()) {
    auto const end = std::min(all.find('\n', at), all.size() - 1) + 1;
    std::string_view const line = std::string_view{all}.substr(at, end - at);
    if (line == ".\n" || line == ".\r\n") break;
    out += line;
    at = end;
  }
  return out;
}

/// Where mail of this computer goes: the account "default", the only account, or the server here.
std::expected<PreparedSubmission, Failure> destination(std::string const& from,
                                                       Terminal& terminal) {
  SubmissionOptions options;
  options.timeout = 30;
  char const* const server = std::getenv("PACKETBOAT_SENDMAIL_SERVER");
  auto const accounts = load_mail_accounts();
  if (!accounts) return std::unexpected{Failure{Exit::configuration, accounts.error()}};
  MailAccount const* account = find_account(*accounts, "default");
  if (account == nullptr && accounts->size() == 1) account = &accounts->front();
  if (server != nullptr && *server != '\0') {
    options.server = server;
  } else if (account != nullptr) {
    options.account = account->name;
    bool const silent = !account->user.empty() && account->password_command.empty() &&
                        account->token_command.empty() &&
                        std::getenv("PACKETBOAT_PASSWORD") == nullptr;
    if (silent)  // cron has no terminal, and a pager's terminal is not ours
      return std::unexpected{Failure{
          Exit::no_permission, std::string{account_text("no_password").in(terminal.language())}}};
  } else {
    options.server = "127.0.0.1:25/none";
    options.timeout = 5;
  }
  return prepare_submission(options, from, terminal);
}

mail::DsnNotify notify_of(std::string const& words) {
  mail::DsnNotify out;
  if (words.empty()) return out;
  out.specified = true;
  out.never = words.contains("never");
  out.success = words.contains("success");
  out.failure = words.contains("failure");
  out.delay = words.contains("delay");
  return out;
}

std::string words_of(mail::DsnNotify const& notify) {
  if (!notify.specified) return {};
  if (notify.never) return "never";
  std::string out;
  for (auto const& [wanted, word] :
       {std::pair{notify.success, "success"}, std::pair{notify.failure, "failure"},
        std::pair{notify.delay, "delay"}}) {
    if (wanted) out += (out.empty() ? "" : ",") + std::string{word};
  }
  return out;
}

smtp::client::Transaction transaction_of(OutboxEntry const& entry, std::string const& content) {
  smtp::client::Transaction out;
  auto const from = mail::parse_mailbox(entry.from, mail::Utf8::allow);
  if (from) out.envelope.reverse_path.mailbox = *from;
  out.envelope.envelope_id = entry.envelope_id;
  if (entry.dsn_return == "full") out.envelope.dsn_return = mail::DsnReturn::full;
  if (entry.dsn_return == "hdrs") out.envelope.dsn_return = mail::DsnReturn::headers;
  for (auto const& one : entry.recipients) {
    auto const mailbox = mail::parse_mailbox(one, mail::Utf8::allow);
    if (mailbox) out.envelope.forward_paths.push_back({*mailbox, notify_of(entry.notify), {}});
  }
  out.octets = content.size();
  out.eight_bit = std::ranges::any_of(content, [](char c) { return (c & 0x80) != 0; });
  out.eight_bit_anyway = true;  // nearly every server takes it, and nobody is here to ask
  return out;
}

struct Handed {
  Exit exit = Exit::ok;
  bool keep = false;  // in the outbox
};

/// One try. What is left to do of the entry is in it afterwards: recipients, reason, held.
Handed hand_over(OutboxEntry& entry, std::string const& content, Terminal& terminal) {
  auto prepared = destination(entry.from, terminal);
  if (!prepared) {
    entry.reason = prepared.error().text;
    return {Exit::ok, true};
  }
  prepared->settings.transaction = transaction_of(entry, content);
  prepared->settings.content = content;
  auto const done = submit_and_report(*prepared, {});
  if (!done) {
    entry.reason = done.error().text;
    return {Exit::ok, true};
  }
  auto const& transcript = done->result.attempts.back().transcript;
  entry.reason = why(terminal.language(), transcript);
  switch (judged(*done)) {
    case advisor::Sent::all:
      return {};
    case advisor::Sent::uncertain:
      entry.held = true;
      return {Exit::ok, true};
    case advisor::Sent::danger:
    case advisor::Sent::login:
    case advisor::Sent::not_yet:
      return {Exit::ok, true};
    case advisor::Sent::some:
    case advisor::Sent::refused:
      break;
  }
  std::vector<std::string> later;
  bool refused = false;
  for (std::size_t i = 0; i < transcript.recipients.size(); ++i) {
    auto const& result = transcript.recipients[i];
    if (result.delivered()) continue;
    bool const for_good = (result.reply && result.reply->is_permanent()) || !result.reply;
    refused = refused || for_good;
    if (!for_good) later.push_back(entry.recipients[i]);
    std::string const said = result.reply ? result.reply->display(200) : entry.reason;
    if (for_good)
      terminal.err() << "sendmail: "
                     << text::say(terminal.language(), account_text("refused_for"),
                                  escape_for_display(entry.recipients[i]), said)
                     << '\n';
  }
  bool const at_recipient = transcript.phase == smtp::client::Phase::rcpt ||
                            transcript.fault == smtp::client::Fault::none;
  entry.recipients = std::move(later);
  Exit const exit = at_recipient ? no_user : Exit::unavailable;
  return {refused ? exit : Exit::ok, !entry.recipients.empty()};
}

void flush(Terminal& terminal, std::string const& except) {
  Outbox const outbox;
  outbox.alone([&] {
    for (auto entry : outbox.list()) {
      if (entry.held || entry.id == except) continue;
      auto const content = outbox.content(entry.id);
      if (!content) continue;
      if (hand_over(entry, *content, terminal).keep) {
        (void)outbox.update(entry);
        bool const nobody_there = !entry.held;
        if (nobody_there) return;  // the next one would wait as long
      } else {
        outbox.remove(entry.id);
      }
    }
  });
}

Exit deliver(OutboxEntry entry, std::string const& content, Terminal& terminal) {
  runtime::SystemRandom random;
  auto const now = runtime::SystemClock{}.now();
  auto const since = now.time_since_epoch();
  entry.id = fmt::format("{:011x}{}", since.count(), hex_encode(random.bytes(2)));  // in order
  entry.since = std::chrono::duration_cast<std::chrono::seconds>(since).count();
  entry.octets = content.size();
  auto const handed = hand_over(entry, content, terminal);
  if (!handed.keep) {
    flush(terminal, entry.id);
    return handed.exit;
  }
  auto const kept = Outbox{}.add(entry, content);
  if (!kept) {
    terminal.err() << "sendmail: " << escape_for_display(kept.error()) << '\n';
    return Exit::temporary;
  }
  terminal.err() << "sendmail: "
                 << text::say(terminal.language(), account_text("outbox_kept"), entry.id,
                              escape_for_display(entry.reason))
                 << '\n';
  return handed.exit;
}

Exit run_deliver(SendmailArguments const& arguments, Terminal& terminal) {
  std::string const text = read_text(arguments.dot_is_text);
  runtime::SystemRandom random;
  std::string const from = arguments.from ? qualified(*arguments.from) : own_address();
  std::vector<std::string> named;
  for (auto const& one : arguments.recipients) named.push_back(qualified(one));
  MessageContext const context{.now = runtime::SystemClock{}.now(),
                               .random = random,
                               .hostname = host_name(),
                               .language = terminal.language()};
  std::string const author = from.empty() ? own_address() : from;
  auto message = read_sendmail_message(
      text, {named, arguments.from_header, author, arguments.full_name}, context);
  if (!message) {
    terminal.err() << "sendmail: " << message.error().text << '\n';
    return message.error().exit == Exit::usage ? Exit::bad_data : message.error().exit;
  }
  OutboxEntry entry;
  entry.from = from;
  for (auto const& path : message->transaction.envelope.forward_paths)
    entry.recipients.push_back(path.mailbox.text());
  entry.notify = words_of(arguments.notify);
  if (arguments.dsn_return == mail::DsnReturn::full) entry.dsn_return = "full";
  if (arguments.dsn_return == mail::DsnReturn::headers) entry.dsn_return = "hdrs";
  entry.envelope_id = arguments.envelope_id;
  return deliver(std::move(entry), message->content, terminal);
}

Exit run_list(Terminal& terminal) {
  auto const entries = Outbox{}.list();
  auto const language = terminal.language();
  if (entries.empty()) {
    terminal.out() << account_text("outbox_empty").in(language) << '\n';
    return Exit::ok;
  }
  for (auto const& entry : entries) {
    text::Table table{0};
    Instant const since{std::chrono::seconds{entry.since}};
    table.row({entry.id, std::to_string(entry.octets), mail::format_date(since),
               escape_for_display(entry.from.empty() ? "<>" : entry.from)});
    terminal.out() << table.render();
    std::string_view const held = account_text("outbox_held").in(language);
    terminal.out() << "    (" << (entry.held ? std::string{held} : escape_for_display(entry.reason))
                   << ")\n";
    for (auto const& one : entry.recipients)
      terminal.out() << "    " << escape_for_display(one) << '\n';
  }
  terminal.out() << text::say(language, account_text("outbox_count"), entries.size()) << '\n';
  return Exit::ok;
}

Exit run_smtp(Terminal& terminal) {
  return run_smtp_dialogue(terminal, [&](OutboxEntry entry, std::string const& content) {
    for (auto& one : entry.recipients) one = qualified(one);
    return deliver(std::move(entry), content, terminal);
  });
}
}  // namespace

bool is_sendmail_name(std::string_view program) {
  program = program.substr(program.rfind('/') + 1);
  return program == "sendmail" || program == "mailq" || program == "newaliases";
}

Exit run_sendmail(std::string_view program, std::span<std::string const> arguments,
                  Terminal& terminal) {
  auto parsed = parse_sendmail(arguments);
  if (!parsed) {
    terminal.err() << "sendmail: " << parsed.error() << '\n';
    return Exit::usage;
  }
  program = program.substr(program.rfind('/') + 1);
  if (program == "mailq" && parsed->mode == SendmailMode::deliver)
    parsed->mode = SendmailMode::list;
  if (program == "newaliases") parsed->mode = SendmailMode::aliases;
  switch (parsed->mode) {
    case SendmailMode::deliver:
      return run_deliver(*parsed, terminal);
    case SendmailMode::smtp:
      return run_smtp(terminal);
    case SendmailMode::list:
      return run_list(terminal);
    case SendmailMode::flush:
      flush(terminal, "");
      return Exit::ok;
    case SendmailMode::aliases:
      return Exit::ok;  // aliases are read by the server, as they are
  }
  return Exit::software;
}

/// Only its help passes here: program.cpp gives the rest to run_sendmail() as it was typed.
void add_sendmail(CLI::App& command, Action& action) {
  command.footer(
      "In the place of /usr/sbin/sendmail; also as sendmail, mailq and newaliases by name.\n"
      "  -t recipients from To, Cc, Bcc    -i, -oi a line of one dot is text\n"
      "  -f ADDRESS reverse-path           -F NAME full name     -bs SMTP on standard input\n"
      "  -bp, mailq list the outbox        -q send it now        -N -R -V notifications\n"
      "Goes to PACKETBOAT_SENDMAIL_SERVER, else the account \"default\" or the only one, else the\n"
      "server on this computer (port 25); what cannot go now waits in the outbox.\n"
      "Examples:\n  php: sendmail_path = \"/usr/bin/packetboat sendmail -t -i\"\n"
      "  packetboat sendmail -f you@example.com bob@example.com < message.eml\n"
      "  ln -s /usr/bin/packetboat /usr/local/sbin/sendmail");
  command.callback([&action] {
    action = [](Terminal& terminal) { return run_sendmail("sendmail", {}, terminal); };
  });
}
}  // namespace pb::cli
