// account.cpp: `packetboat account add|list|test|remove`: servers that this person sends with.
// Spec: docs/reference/command-line.md ("account").      Tests: tests/end_to_end/sendmail_test.py
// Not here: accounts of our own server (user.cpp), the file (mail_accounts).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "advisor/providers.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/account_messages.hpp"
#include "cli/commands.hpp"
#include "cli/submission_run.hpp"
#include "mail/address.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
struct Options {
  SubmissionOptions submission;
  std::string name, from;
  bool json = false, replace = false, secret_tool = false, transcript = false;
};

template <typename... Arguments>
Exit refuse_with(Terminal& terminal, Exit exit, text::Text const& text,
                 Arguments const&... arguments) {
  return report(terminal, {exit, text::say(terminal.language(), text, arguments...)});
}

bool is_good_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.';
  });
}

/// What the options say; the host from the address where no server is named.
std::expected<MailAccount, Exit> account_of(Options const& options, Terminal& terminal) {
  MailAccount account;
  auto const& wanted = options.submission;
  account.name = options.name;
  account.from = options.from;
  auto const mailbox = mail::parse_mailbox(options.from, mail::Utf8::allow);
  if (!is_good_name(options.name) || !mailbox)
    return std::unexpected{refuse_with(terminal, Exit::usage, account_text("bad_name"))};
  auto const* provider = wanted.server.empty() ? advisor::provider_of_domain(mailbox->domain.key())
                                               : advisor::find_provider(wanted.server);
  if (provider != nullptr)
    account.host = provider->host;
  else
    account.host = wanted.server;
  if (account.host.empty())
    return std::unexpected{refuse_with(terminal, Exit::usage, account_text("no_host"))};
  for (auto const word : ascii::split(wanted.ways, ',')) {
    if (wanted.ways.empty()) break;
    auto const way = advisor::parse_way(ascii::trim(word));
    if (!way) return std::unexpected{refuse_with(terminal, Exit::usage, account_text("bad_port"))};
    account.ways.push_back(*way);
  }
  account.user = wanted.user.empty() ? options.from : wanted.user;
  if (wanted.user == "-") account.user.clear();
  account.password_command = wanted.password_command;
  account.token_command = wanted.token_command;
  if (options.secret_tool)
    account.password_command = "secret-tool lookup service packetboat account " + options.name;
  if (!wanted.prefer.empty()) account.prefer = wanted.prefer;
  account.ca_file = wanted.ca_file;
  if (!advisor::parse_preference(account.prefer))
    return std::unexpected{refuse_with(terminal, Exit::usage, account_text("bad_port"))};
  return account;
}

Exit run_add(Options const& options, Terminal& terminal) {
  auto accounts = load_mail_accounts();
  if (!accounts) return report(terminal, {Exit::configuration, accounts.error()});
  auto account = account_of(options, terminal);
  if (!account) return account.error();
  bool const known = find_account(*accounts, options.name) != nullptr;
  if (known && !options.replace)
    return refuse_with(terminal, Exit::cannot_create, account_text("exists"), options.name);
  std::erase_if(*accounts, [&](MailAccount const& one) { return one.name == options.name; });
  accounts->push_back(std::move(*account));
  auto const saved = save_mail_accounts(*accounts);
  if (!saved) return report(terminal, {Exit::io_error, saved.error()});
  terminal.out() << text::say(terminal.language(), account_text("added"), options.name,
                              accounts->back().host)
                 << '\n';
  if (options.secret_tool)
    terminal.out() << "  secret-tool store --label 'Packetboat " << options.name
                   << "' service packetboat account " << options.name << '\n';
  terminal.out() << account_text("next").in(terminal.language()) << " packetboat account test "
                 << options.name << '\n';
  return Exit::ok;
}

Exit run_list(Options const& options, Terminal& terminal) {
  auto const accounts = load_mail_accounts();
  if (!accounts) return report(terminal, {Exit::configuration, accounts.error()});
  if (options.json) {
    boost::json::array rows;
    for (auto const& one : *accounts)
      rows.push_back(boost::json::object{{"name", one.name},
                                         {"from", one.from},
                                         {"host", one.host},
                                         {"user", one.user},
                                         {"prefer", one.prefer}});
    terminal.out() << boost::json::serialize(boost::json::object{
                          {"schema", "packetboat.accounts/1"}, {"accounts", std::move(rows)}})
                   << '\n';
    return Exit::ok;
  }
  if (accounts->empty()) {
    terminal.out() << account_text("none").in(terminal.language()) << '\n';
    return Exit::second_choice;
  }
  text::Table table;
  for (auto const& one : *accounts)
    table.row({escape_for_display(one.name), escape_for_display(one.from),
               escape_for_display(one.host), escape_for_display(one.user)});
  terminal.out() << table.render(terminal.columns());
  return Exit::ok;
}

Exit run_test(Options options, Terminal& terminal) {
  options.submission.account = options.name;
  auto prepared = prepare_submission(options.submission, "", terminal);
  if (!prepared) return report(terminal, prepared.error());
  prepared->settings.only_login = true;
  Show show = options.transcript ? Show::screen_and_transcript : Show::screen;
  if (options.json) show = Show::json;
  return run_submission(*prepared, {}, show, terminal);
}

Exit run_remove(Options const& options, Terminal& terminal) {
  auto accounts = load_mail_accounts();
  if (!accounts) return report(terminal, {Exit::configuration, accounts.error()});
  auto const gone =
      std::erase_if(*accounts, [&](MailAccount const& one) { return one.name == options.name; });
  if (gone == 0)
    return refuse_with(terminal, Exit::second_choice, account_text("unknown"),
                       escape_for_display(options.name));
  auto const saved = save_mail_accounts(*accounts);
  if (!saved) return report(terminal, {Exit::io_error, saved.error()});
  terminal.out() << text::say(terminal.language(), account_text("removed"), options.name) << '\n';
  return Exit::ok;
}
}  // namespace

void add_account(CLI::App& command, Action& action) {
  command.require_subcommand(1);
  auto const options = std::make_shared<Options>();  // shared: kept by all callbacks
  auto const sub = [&](char const* name, char const* summary, auto run) {
    CLI::App* made = command.add_subcommand(name, summary);
    made->callback([options, &action, run] {
      action = [options, run](Terminal& terminal) { return run(*options, terminal); };
    });
    return made;
  };
  CLI::App* add = sub("add", "keep a server, an address and how to get the password", run_add);
  add->add_option("name", options->name, "what you call it")->required();
  add->add_option("--from", options->from, "the address to send from")->required();
  add_submission_options(*add, options->submission);
  add->add_flag("--secret-tool", options->secret_tool, "the password is in the desktop's keyring");
  add->add_flag("--replace", options->replace, "overwrite an account of this name");
  add->footer(
      "No password is kept. The user is the address; --user - means no login.\n"
      "Examples:\n"
      "  packetboat account add home --from you@gmail.com --secret-tool\n"
      "  packetboat account add work --from you@example.com --server smtp.example.com \\\n"
      "      --password-command 'pass show mail/work'");
  CLI::App* list = sub("list", "show the accounts", run_list);
  list->add_flag("--json", options->json, "print packetboat.accounts/1");
  CLI::App* test = sub("test", "log in, and send nothing", run_test);
  test->add_option("name", options->name, "the account")->required();
  add_submission_options(*test, options->submission);
  test->add_flag("--json", options->json, "print packetboat.send/1");
  test->add_flag("--transcript", options->transcript, "show what was said; never a password");
  CLI::App* remove = sub("remove", "forget an account", run_remove);
  remove->add_option("name", options->name, "the account")->required();
  command.footer(
      "Examples:\n  packetboat account add home --from you@gmail.com\n"
      "  packetboat account test home\n  packetboat send --account home < message.eml");
}
}  // namespace pb::cli
