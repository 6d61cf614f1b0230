// inbox.cpp: packetboat inbox list|show|raw|wait|clear: what the test mail server has caught.
// Spec: docs/reference/command-line.md.                   Tests: tests/end_to_end/sandbox_test.py
// Not here: how a message is read (inbox/), waiting (api/inbox).
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "api/router.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/gateway.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
struct InboxOptions {
  Target target;
  std::string to, from, subject, after, id;
  double timeout_seconds = 10;
  unsigned count = 1;
  bool json = false;
};

std::string text_of(json::value const& object, std::string_view name) {
  json::value const* value = object.as_object().if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return escape_for_display(value->as_string(), 400);
}

std::string recipients_of(json::value const& message) {
  std::string out;
  json::array const& to = message.at("to").as_array();
  if (!to.empty()) out = escape_for_display(to.front().as_string(), 60);
  if (to.size() > 1) out += " +" + std::to_string(to.size() - 1);
  return out;
}

std::string sender_of(json::value const& message) {
  std::string from = text_of(message, "from");
  if (from.empty()) from = text_of(message, "reverse_path");
  return from.empty() ? "<>" : from;
}

void print_table(Terminal& terminal, json::array const& messages) {
  text::Table table{0};
  table.row({"id", "time", "from", "to", "subject"});
  for (json::value const& one : messages) {
    std::string const time = text_of(one, "received_at");
    table.row({text_of(one, "id"), time.size() >= 19 ? time.substr(11, 8) : time, sender_of(one),
               recipients_of(one), text_of(one, "subject")});
  }
  terminal.out() << table.render();
}

void print_messages(Terminal& terminal, InboxOptions const& options, json::array const& messages) {
  if (options.json)
    terminal.out() << json::serialize(messages) << '\n';
  else if (!messages.empty())
    print_table(terminal, messages);
}

std::string question_path(std::string path, InboxOptions const& options) {
  add_query(path, "to", options.to);
  add_query(path, "from", options.from);
  add_query(path, "subject", options.subject);
  add_query(path, "after", options.after);
  return path;
}

Exit run_list(InboxOptions const& options, Terminal& terminal) {
  auto const answer = ask(options.target, {.path = question_path("/inbox", options)});
  if (!answer) return report(terminal, answer.error());
  json::value const body = answer->as_json();
  json::array const& messages = body.at("messages").as_array();
  print_messages(terminal, options, messages);
  if (messages.empty() && !options.json) terminal.out() << "The inbox is empty.\n";
  return Exit::ok;
}

Exit run_wait(InboxOptions const& options, Terminal& terminal) {
  auto const timeout = std::chrono::milliseconds{static_cast<int>(options.timeout_seconds * 1000)};
  std::string path = question_path("/inbox/wait", options);
  add_query(path, "timeout", std::to_string(timeout.count()));
  add_query(path, "count", std::to_string(options.count));
  auto const answer =
      ask(options.target,
          {.path = path, .without = Without::refuse, .wait = timeout + std::chrono::seconds{20}});
  if (!answer) return report(terminal, answer.error());
  json::value const body = answer->as_json();
  print_messages(terminal, options, body.at("messages").as_array());
  return Exit::ok;
}

void print_letter(Terminal& terminal, json::value const& message) {
  auto const line = [&](std::string_view name, std::string const& value) {
    if (!value.empty())
      terminal.out() << terminal.styled(Style::strong, std::string{name} + ":") << ' ' << value
                     << '\n';
  };
  line("From", sender_of(message));
  for (json::value const& to : message.at("to").as_array())
    line("To", escape_for_display(to.as_string(), 320));
  line("Subject", text_of(message, "subject"));
  std::string how = text_of(message, "role") + " " + text_of(message, "listener") + " from " +
                    text_of(message, "client");
  std::string const tls = text_of(message, "tls");
  how += tls.empty() ? ", in the clear" : ", " + tls;
  if (std::string const account = text_of(message, "account"); !account.empty())
    how += ", login " + account;
  line("Came in", how);
  line("Time", text_of(message, "received_at"));
  terminal.out() << '\n';
  for (std::string_view const row : ascii::split(message.at("text").as_string(), '\n'))
    terminal.out() << escape_for_display(row, 10'000) << '\n';
  for (json::value const& part : message.at("parts").as_array()) {
    if (text_of(part, "filename").empty()) continue;
    terminal.out() << "[" << text_of(part, "filename") << ", " << text_of(part, "type") << ", "
                   << part.at("octets").to_number<std::uint64_t>() << " octets]\n";
  }
}

Exit run_show(InboxOptions const& options, Terminal& terminal) {
  auto const answer = ask(options.target, {.path = "/inbox/" + api::escape_url(options.id)});
  if (!answer) return report(terminal, answer.error());
  if (options.json)
    terminal.out() << answer->body;
  else
    print_letter(terminal, answer->as_json());
  return Exit::ok;
}

Exit run_raw(InboxOptions const& options, Terminal& terminal) {
  auto const answer =
      ask(options.target, {.path = "/inbox/" + api::escape_url(options.id) + "/raw"});
  if (!answer) return report(terminal, answer.error());
  terminal.out() << answer->body;
  return Exit::ok;
}

Exit run_clear(InboxOptions const& options, Terminal& terminal) {
  std::string path = "/inbox";
  if (!options.id.empty()) path += "/" + api::escape_url(options.id);
  auto const answer =
      ask(options.target, {.method = "DELETE", .path = path, .without = Without::refuse});
  if (!answer) return report(terminal, answer.error());
  auto const removed = answer->as_json().at("removed").to_number<std::uint64_t>();
  if (options.json)
    terminal.out() << answer->body;
  else
    terminal.out() << removed << (removed == 1 ? " message" : " messages") << " removed.\n";
  return Exit::ok;
}

using Run = Exit (*)(InboxOptions const&, Terminal&);
struct Maker {
  CLI::App& inbox;
  std::shared_ptr<InboxOptions> options;
  Action& action;

  CLI::App& make(char const* name, char const* about, Run run) const {
    CLI::App* command = inbox.add_subcommand(name, about);
    command->fallthrough();
    add_target(*command, options->target);
    command->callback([run, kept = options, &to = action] {
      to = [run, kept](Terminal& terminal) { return run(*kept, terminal); };
    });
    return *command;
  }
  void filters(CLI::App& command) const {
    command.add_option("--to", options->to, "a recipient, or a part of one")->type_name("ADDR");
    command.add_option("--from", options->from, "a sender, or a part of one")->type_name("ADDR");
    command.add_option("--subject", options->subject, "a part of the subject");
    command.add_option("--after", options->after, "only messages behind this one")->type_name("ID");
  }
  void json(CLI::App& command) const { command.add_flag("--json", options->json, "print JSON"); }
};
}  // namespace

void add_inbox(CLI::App& inbox, Action& action) {
  auto options = std::make_shared<InboxOptions>();
  inbox.require_subcommand(1);
  inbox.footer(
      "Examples:\n  packetboat inbox list\n  packetboat inbox show 01jdx3k7m2a9q\n"
      "  packetboat inbox wait --to bob@two.test --timeout 10 --json\n  packetboat inbox clear");
  Maker const maker{inbox, options, action};
  CLI::App& list = maker.make("list", "list what was caught, oldest first", run_list);
  maker.filters(list);
  maker.json(list);
  CLI::App& show = maker.make("show", "show one message: sender, recipients, text", run_show);
  show.add_option("id", options->id, "as `list` prints it")->required();
  maker.json(show);
  CLI::App& raw = maker.make("raw", "print one message as it is kept", run_raw);
  raw.add_option("id", options->id, "as `list` prints it")->required();
  CLI::App& wait = maker.make(
      "wait", "wait until a message fits, also one that is there already; exit 1 if none came",
      run_wait);
  maker.filters(wait);
  maker.json(wait);
  wait.add_option("--timeout", options->timeout_seconds, "seconds to wait")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  wait.add_option("--count", options->count, "how many messages must fit")->capture_default_str();
  CLI::App& clear = maker.make("clear", "remove all caught messages, or one", run_clear);
  clear.add_option("id", options->id, "only this one");
  maker.json(clear);
}
}  // namespace pb::cli
