// user.cpp: packetboat user add|list|passwd|remove|alias|allow: the accounts of a server.
// Spec: docs/reference/command-line.md.                   Tests: tests/end_to_end/users_test.py
// Not here: what is done to the records (accounts/commands, api/users).
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "api/router.hpp"
#include "app/units.hpp"
#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/gateway.hpp"
#include "cli/password_prompt.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
struct UserOptions {
  Target target;
  std::string name, what, quota;
  bool json = false, password_stdin = false, generate = false, no_scram = false, remove = false;
};

std::string user_path(UserOptions const& options, std::string_view behind) {
  return "/user/" + api::escape_url(options.name) + std::string{behind};
}

Exit change(UserOptions const& options, Terminal& terminal, Question question) {
  question.without = Without::read_write;
  auto const answer = ask(options.target, question);
  if (!answer) return report(terminal, answer.error());
  if (options.json)
    terminal.out() << answer->body;
  else
    terminal.out() << json::value_to<std::string>(answer->as_json().at("message")) << '\n';
  return Exit::ok;
}

Exit with_password(UserOptions const& options, Terminal& terminal, Question question) {
  PasswordSource const source = options.generate         ? PasswordSource::generate
                                : options.password_stdin ? PasswordSource::standard_input
                                                         : PasswordSource::ask;
  std::optional<std::uint64_t> quota = 0;
  if (!options.quota.empty()) quota = app::parse_octets(options.quota);
  if (!quota) return report(terminal, {Exit::usage, "--quota: write 500 MiB, 2 GiB"});
  auto const password = read_password(source, options.name, terminal);
  if (!password) return report(terminal, {Exit::usage, password.error()});
  json::object body{{"password", *password}};
  if (options.no_scram) body["scram"] = false;
  if (question.path == "/user") body["name"] = options.name;
  if (*quota != 0) body["quota_octets"] = *quota;
  question.body = std::move(body);
  Exit const exit = change(options, terminal, std::move(question));
  bool const tell = exit == Exit::ok && options.generate;
  if (tell) terminal.out() << "Its password is  " << *password << "  (shown only now)\n";
  return exit;
}

Exit run_add(UserOptions const& options, Terminal& terminal) {
  return with_password(options, terminal, {.method = "POST", .path = "/user"});
}
Exit run_passwd(UserOptions const& options, Terminal& terminal) {
  return with_password(options, terminal,
                       {.method = "POST", .path = user_path(options, "/password")});
}
Exit run_remove(UserOptions const& options, Terminal& terminal) {
  return change(options, terminal, {.method = "DELETE", .path = user_path(options, "")});
}
Exit run_alias(UserOptions const& options, Terminal& terminal) {
  return change(options, terminal,
                {.method = options.remove ? "DELETE" : "POST",
                 .path = user_path(options, "/alias"),
                 .body = json::object{{"address", options.what}}});
}
Exit run_allow(UserOptions const& options, Terminal& terminal) {
  return change(options, terminal,
                {.method = options.remove ? "DELETE" : "POST",
                 .path = user_path(options, "/allow"),
                 .body = json::object{{"pattern", options.what}}});
}

std::string joined(json::value const& list) {
  std::string out;
  for (json::value const& one : list.as_array()) {
    if (!out.empty()) out += ", ";
    out += escape_for_display(one.as_string(), 320);
  }
  return out.empty() ? "-" : out;
}

Exit run_list(UserOptions const& options, Terminal& terminal) {
  auto const answer = ask(options.target, {.path = "/user"});
  if (!answer) return report(terminal, answer.error());
  json::value const body = answer->as_json();
  json::array const& users = body.at("users").as_array();
  if (options.json) {
    terminal.out() << json::serialize(users) << '\n';
    return Exit::ok;
  }
  if (users.empty()) {
    terminal.out() << "There is no account yet: packetboat user add you@example.com\n";
    return Exit::ok;
  }
  text::Table table{0};
  table.row({"account", "also gets", "may also send as", "login"});
  for (json::value const& one : users) {
    bool const scram = one.at("scram").as_bool();
    table.row({escape_for_display(one.at("name").as_string(), 320), joined(one.at("aliases")),
               joined(one.at("allowed")),
               one.at("disabled").as_bool() ? "disabled"
               : scram                      ? "PLAIN, SCRAM"
                                            : "PLAIN"});
  }
  terminal.out() << table.render();
  return Exit::ok;
}

using Run = Exit (*)(UserOptions const&, Terminal&);
struct Maker {
  CLI::App& user;
  std::shared_ptr<UserOptions> options;
  Action& action;

  CLI::App& make(char const* name, char const* about, Run run) const {
    CLI::App* command = user.add_subcommand(name, about);
    command->fallthrough();
    add_target(*command, options->target);
    command->add_flag("--json", options->json, "print JSON");
    command->callback([run, kept = options, &to = action] {
      to = [run, kept](Terminal& terminal) { return run(*kept, terminal); };
    });
    return *command;
  }
  void name(CLI::App& command) const {
    command.add_option("account", options->name, "usually an address: you@example.com")->required();
  }
  void password(CLI::App& command) const {
    command.add_flag("--password-stdin", options->password_stdin, "read the password's line");
    command.add_flag("--generate", options->generate, "make a password and show it once");
    command.add_flag("--no-scram", options->no_scram, "keep no SCRAM keys: PLAIN and LOGIN only");
  }
};
}  // namespace

void add_user(CLI::App& user, Action& action) {
  auto options = std::make_shared<UserOptions>();
  user.require_subcommand(1);
  user.footer(
      "Examples:\n  packetboat user add alice@example.com\n"
      "  packetboat user alias alice@example.com sales@example.com\n"
      "  packetboat user allow newsletter@example.com '*@example.com'\n"
      "With a running server these go through its admin socket, else to the store itself.");
  Maker const maker{user, options, action};
  CLI::App& add = maker.make("add", "make an account", run_add);
  maker.name(add);
  maker.password(add);
  add.add_option("--quota", options->quota, "octets of mail after which it is full: 2 GiB")
      ->type_name("SIZE");
  maker.make("list", "list accounts", run_list);
  CLI::App& passwd = maker.make("passwd", "set a new password", run_passwd);
  maker.name(passwd);
  maker.password(passwd);
  maker.name(maker.make("remove", "remove an account", run_remove));
  CLI::App& alias =
      maker.make("alias", "an address that the account also gets and owns", run_alias);
  maker.name(alias);
  alias.add_option("address", options->what, "the further address")->required();
  alias.add_flag("--remove", options->remove, "take it away again");
  CLI::App& allow = maker.make("allow", "let an account send as other addresses", run_allow);
  maker.name(allow);
  allow.add_option("pattern", options->what, "\"address\", \"*@domain\" or \"*\"")->required();
  allow.add_flag("--remove", options->remove, "take it away again");
}
}  // namespace pb::cli
