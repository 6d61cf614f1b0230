// queue.cpp: packetboat queue list|show|stats and hold|release|retry|bounce|delete|reroute.
// Spec: docs/reference/command-line.md.                         Tests:
// tests/end_to_end/queue_test.py Not here: finding messages (queue/), the socket (gateway).
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "api/router.hpp"
#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/entry_lines.hpp"
#include "cli/gateway.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
struct QueueOptions {
  Target target;
  std::vector<std::string> ids;
  std::string id, domain, recipient, account, via;
  std::uint64_t older_than = 0, limit = 100;
  bool all = false, json = false, raw = false;
};

/// The address, and how many more there are.
std::string first_recipient(json::array const& recipients) {
  if (recipients.empty()) return {};
  std::string out = text_of(recipients.front().as_object(), "address");
  if (recipients.size() > 1) out += " +" + std::to_string(recipients.size() - 1);
  return out;
}

std::string why(json::object const& recipient) {
  std::string out = text_of(recipient, "reason");
  if (json::value const* const reply = recipient.if_contains("reply")) {
    json::object const& said = reply->as_object();
    out += (out.empty() ? "" : ": ") + text_of(said, "code") + ' ' + text_of(said, "text");
  }
  return out;
}

std::string reverse_path(json::object const& message) {
  std::string const text = text_of(message, "reverse_path");
  return text.empty() ? "<>" : text;
}

std::string list_path(QueueOptions const& options) {
  std::string path = "/queue";
  add_query(path, "domain", options.domain);
  add_query(path, "recipient", options.recipient);
  add_query(path, "account", options.account);
  if (options.older_than != 0) {
    add_query(path, "older_than", std::to_string(options.older_than));
  }
  add_query(path, "limit", std::to_string(options.limit));
  return path;
}

Exit run_list(QueueOptions const& options, Terminal& terminal) {
  auto const answer = ask(options.target, {.path = list_path(options)});
  if (!answer) return report(terminal, answer.error());
  if (options.json) {
    terminal.out() << answer->body << '\n';
    return Exit::ok;
  }
  json::value const body = answer->as_json();
  json::array const& messages = body.at("messages").as_array();
  if (messages.empty()) {
    terminal.out() << "Nothing is queued.\n";
    return Exit::ok;
  }
  text::Table table{0};
  table.row({"id", "from", "to", "state", "tries", "next", "why"});
  for (json::value const& one : messages) {
    json::object const& message = one.as_object();
    json::array const& recipients = message.at("recipients").as_array();
    json::object const& first = recipients.front().as_object();
    table.row({text_of(message, "id"), reverse_path(message), first_recipient(recipients),
               text_of(first, "state"), text_of(first, "attempts"), text_of(first, "retry_at"),
               why(first)});
  }
  terminal.out() << table.render();
  if (body.as_object().contains("next")) {
    terminal.out() << "There are more: ask for them with --limit.\n";
  }
  return Exit::ok;
}

void print_message(Terminal& terminal, json::object const& message) {
  terminal.out() << text_of(message, "id") << "  from " << reverse_path(message) << "  "
                 << text_of(message, "octets") << " octets\n"
                 << "accepted " << text_of(message, "accepted_at") << ", given up "
                 << text_of(message, "expires_at") << '\n';
  std::string const via = text_of(message, "via");
  if (!via.empty()) terminal.out() << "route ordered: " << via << '\n';
  for (json::value const& one : message.at("recipients").as_array()) {
    json::object const& recipient = one.as_object();
    terminal.out() << "  " << text_of(recipient, "address") << ": " << text_of(recipient, "state");
    std::string const next = text_of(recipient, "retry_at");
    if (!next.empty()) terminal.out() << ", next attempt " << next;
    std::string const reason = why(recipient);
    if (!reason.empty()) terminal.out() << " (" << reason << ')';
    terminal.out() << '\n';
  }
}

Exit run_show(QueueOptions const& options, Terminal& terminal) {
  std::string path = "/queue/" + api::escape_url(options.id);
  if (options.raw) path += "/raw";
  auto const answer = ask(options.target, {.path = path});
  if (!answer) return report(terminal, answer.error());
  if (options.raw || options.json) {
    terminal.out() << answer->body << (options.json ? "\n" : "");
    return Exit::ok;
  }
  json::value const body = answer->as_json();
  json::object const& shown = body.as_object();
  if (json::value const* const message = shown.if_contains("message")) {
    print_message(terminal, message->as_object());
  } else {
    terminal.out() << options.id << "  is not queued any more\n";
  }
  for (json::value const& entry : shown.at("timeline").as_array()) {
    print_entry(terminal, entry.as_object());
  }
  return Exit::ok;
}

Exit run_stats(QueueOptions const& options, Terminal& terminal) {
  auto const answer = ask(options.target, {.path = "/queue/stats"});
  if (!answer) return report(terminal, answer.error());
  if (options.json) {
    terminal.out() << answer->body << '\n';
    return Exit::ok;
  }
  json::value const body = answer->as_json();
  json::object const& all = body.as_object();
  text::Table table{0};
  for (char const* const name :
       {"messages", "due", "leased", "deferred", "held", "reports_due", "domains", "next_due"}) {
    std::string const value = text_of(all, name);
    if (!value.empty()) table.row({name, value});
  }
  terminal.out() << table.render();
  text::Table domains{0};
  domains.row({"domain", "recipients", "due", "deferred", "held", "leased"});
  for (json::value const& one : all.at("by_domain").as_array()) {
    json::object const& row = one.as_object();
    domains.row({text_of(row, "domain"), text_of(row, "recipients"), text_of(row, "due"),
                 text_of(row, "deferred"), text_of(row, "held"), text_of(row, "leased")});
  }
  if (!all.at("by_domain").as_array().empty()) terminal.out() << '\n' << domains.render();
  return Exit::ok;
}

Exit run_order(QueueOptions const& options, std::string const& verb, Terminal& terminal) {
  json::object body{{"all", options.all}};
  if (!options.ids.empty()) {
    json::array ids;
    for (std::string const& id : options.ids) ids.push_back(json::string{id});
    body["ids"] = std::move(ids);
  }
  auto const add = [&](char const* name, std::string const& value) {
    if (!value.empty()) body[name] = value;
  };
  add("domain", options.domain);
  add("recipient", options.recipient);
  add("account", options.account);
  add("via", options.via);
  if (options.older_than != 0) body["older_than"] = options.older_than;
  bool const says_which = options.all || body.size() > (options.via.empty() ? 1U : 2U);
  if (!says_which) {
    return report(terminal, {Exit::usage,
                             "say which: ids, --domain, --to, --account, "
                             "--older-than, or --all"});
  }
  auto const answer = ask(options.target, {.method = "POST",
                                           .path = "/queue/" + verb,
                                           .body = std::move(body),
                                           .without = Without::refuse,
                                           .wait = std::chrono::minutes{6}});
  if (!answer) return report(terminal, answer.error());
  if (options.json) {
    terminal.out() << answer->body << '\n';
    return Exit::ok;
  }
  json::value const done = answer->as_json();
  auto const changed = done.at("recipients").to_number<std::uint64_t>();
  terminal.out() << verb << ": " << changed << (changed == 1 ? " recipient" : " recipients")
                 << '\n';
  return changed == 0 ? Exit::second_choice : Exit::ok;
}

void add_filter(CLI::App& command, QueueOptions& options) {
  command.add_option("--domain", options.domain, "of a recipient");
  command.add_option("--to", options.recipient, "a recipient's address");
  command.add_option("--account", options.account, "who submitted it");
  add_seconds(command, "--older-than", options.older_than, "accepted longer ago: 1d, 90m, 3600");
  command.add_flag("--json", options.json, "print JSON");
}
}  // namespace

void add_queue(CLI::App& command, Action& action) {
  auto options = std::make_shared<QueueOptions>();  // shared: kept by all callbacks
  add_target(command, options->target);
  command.require_subcommand(1);
  auto& list = *command.add_subcommand("list", "queued messages, their states and why they wait");
  add_filter(list, *options);
  list.add_option("--limit", options->limit, "at most so many")->capture_default_str();
  list.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_list(*options, terminal); };
  });
  auto& show = *command.add_subcommand("show", "one message: states, timeline, transcripts");
  show.add_option("id", options->id, "its queue id")->required();
  show.add_flag("--raw", options->raw, "print the message as it would be sent");
  show.add_flag("--json", options->json, "print JSON");
  show.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_show(*options, terminal); };
  });
  auto& stats = *command.add_subcommand("stats", "how much waits, and for which domains");
  stats.add_flag("--json", options->json, "print JSON");
  stats.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_stats(*options, terminal); };
  });
  struct Verb {
    char const* name;
    char const* what;
  };
  for (Verb const verb :
       {Verb{"hold", "keep messages until they are released"},
        Verb{"release", "let held messages go"}, Verb{"retry", "try deferred messages now"},
        Verb{"bounce", "give up and tell the senders"},
        Verb{"delete", "remove messages and tell nobody"},
        Verb{"reroute", "send by another route, now"}}) {
    auto& order = *command.add_subcommand(verb.name, verb.what);
    order.add_option("ids", options->ids, "queue ids");
    add_filter(order, *options);
    order.add_flag("--all", options->all, "everything that is queued");
    if (std::string_view{verb.name} == "reroute") {
      order.add_option("--via", options->via, "relay://HOST:PORT ...; none: as configured");
    }
    order.callback([options, &action, name = std::string{verb.name}] {
      action = [options, name](Terminal& terminal) { return run_order(*options, name, terminal); };
    });
  }
  command.footer(
      "Examples:\n  packetboat queue list --domain example.org\n"
      "  packetboat queue hold --older-than 1d\n  packetboat queue show ID --raw");
}
}  // namespace pb::cli
