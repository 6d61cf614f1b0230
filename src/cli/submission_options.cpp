// submission_options.cpp: options and accounts become settings; names become addresses.
// Spec: submission_options.hpp.                         Tests: tests/end_to_end/send_test.py
#include "cli/submission_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/known_networks.hpp"
#include "cli/secrets.hpp"
#include "cli/send_messages.hpp"
#include "cli/verify_input.hpp"

namespace pb::cli {
namespace {
template <typename... Arguments>
std::unexpected<Failure> no(Exit exit, Terminal& terminal, text::Text const& text,
                            Arguments const&... arguments) {
  return std::unexpected{Failure{exit, text::say(terminal.language(), text, arguments...)}};
}

bool read_ways(std::string_view list, std::vector<advisor::Way>& ways) {
  for (auto const word : ascii::split(list, ',')) {
    auto const way = advisor::parse_way(ascii::trim(word));
    if (!way || ways.size() >= 16) return false;
    ways.push_back(*way);
  }
  return true;
}

/// "smtp.example.com:2525/starttls": the part behind the colon is a way.
bool read_server(std::string const& text, MailAccount& account) {
  if (auto const* provider = advisor::find_provider(text)) {
    account.host = provider->host;
    return true;
  }
  auto const colon = text.rfind(':');
  account.host = text;
  if (colon == std::string::npos || text.find(':') != colon) return true;
  account.host = text.substr(0, colon);
  account.ways.clear();
  return read_ways(std::string_view{text}.substr(colon + 1), account.ways);
}

advisor::Provider const* provider_of(std::string const& host) {
  return advisor::provider_of_host(host);
}

std::expected<MailAccount, Failure> named_account(SubmissionOptions const& options,
                                                  std::string const& from, Terminal& terminal) {
  auto const accounts = load_mail_accounts();
  if (!accounts) return std::unexpected{Failure{Exit::configuration, accounts.error()}};
  if (!options.account.empty()) {
    if (auto const* found = find_account(*accounts, options.account)) return *found;
    return no(Exit::usage, terminal, send_text("no_account"), escape_for_display(options.account));
  }
  auto const mine = std::ranges::find_if(*accounts, [&](MailAccount const& account) {
    return !from.empty() && ascii::iequals(account.from, from);
  });
  if (mine != accounts->end()) return *mine;
  auto const at = from.rfind('@');
  auto const* provider =
      at == std::string::npos ? nullptr : advisor::provider_of_domain(from.substr(at + 1));
  if (provider != nullptr) {
    MailAccount account;
    account.host = provider->host;
    account.from = account.user = from;
    return account;
  }
  if (accounts->size() == 1) return accounts->front();
  return no(Exit::usage, terminal, send_text("no_server"));
}

std::expected<MailAccount, Failure> choose_account(SubmissionOptions const& options,
                                                   std::string const& from, Terminal& terminal) {
  MailAccount account;
  if (options.server.empty()) {
    auto found = named_account(options, from, terminal);
    if (!found) return found;
    account = std::move(*found);
  } else if (!read_server(options.server, account)) {
    return no(Exit::usage, terminal, send_text("bad_ways"));
  }
  if (!options.ways.empty()) {
    account.ways.clear();
    if (!read_ways(options.ways, account.ways))
      return no(Exit::usage, terminal, send_text("bad_ways"));
  }
  if (!options.user.empty()) account.user = options.user;
  if (!options.password_command.empty()) account.password_command = options.password_command;
  if (!options.token_command.empty()) account.token_command = options.token_command;
  if (!options.prefer.empty()) account.prefer = options.prefer;
  if (!options.ca_file.empty()) account.ca_file = options.ca_file;
  if (account.from.empty()) account.from = from;
  return account;
}

bool is_this_computer(IpAddress const& address) {
  return address.is_v4() ? address.text().starts_with("127.") : address.text() == "::1";
}

std::expected<std::vector<IpAddress>, Failure> addresses_of(SubmissionOptions const& options,
                                                            std::string const& host,
                                                            Terminal& terminal) {
  std::shared_ptr<runtime::Resolver> resolver;
  if (!options.resolver.empty()) {
    auto made = make_resolver({.dns_server = options.resolver, .dns_file = {}, .now = {}});
    if (!made) return std::unexpected{Failure{made.error().exit, made.error().text}};
    resolver = *made;
  }
  auto found = runtime::look_up(host, resolver.get());
  std::string const shown = escape_for_display(host);
  if (!found) {
    switch (found.error()) {
      case runtime::LookUpError::not_found:
        return no(Exit::unavailable, terminal, send_text("dns_not_found"), shown);
      case runtime::LookUpError::no_answer:
        return no(Exit::temporary, terminal, send_text("dns_no_answer"), shown);
    }
  }
  if (options.v4 != options.v6) {
    std::erase_if(*found, [&](IpAddress const& one) { return one.is_v4() != options.v4; });
    if (found->empty()) return no(Exit::unavailable, terminal, send_text("dns_not_found"), shown);
  }
  return *found;
}

std::expected<void, Failure> choose_ways(SubmissionOptions const& options,
                                         PreparedSubmission& prepared, Terminal& terminal) {
  MailAccount const& account = prepared.account;
  auto const preference = advisor::parse_preference(account.prefer);
  if (!preference) return no(Exit::usage, terminal, send_text("bad_prefer"));
  auto& settings = prepared.settings;
  settings.ways = account.ways;
  if (settings.ways.empty()) {
    auto const remembered =
        options.prefer.empty() ? remembered_way(prepared.network, account.host) : std::nullopt;
    settings.ways = advisor::ways_to(provider_of(account.host), *preference, remembered);
  }
  bool const clear = std::ranges::any_of(settings.ways, [](advisor::Way const& way) {
    return way.security == advisor::Security::none || way.security == advisor::Security::cleartext;
  });
  bool const here = std::ranges::all_of(settings.addresses, is_this_computer);
  if (clear && (!here || !account.user.empty()))
    return no(Exit::usage, terminal, send_text("clear_refused"));
  return {};
}
}  // namespace

void add_submission_options(CLI::App& command, SubmissionOptions& options) {
  command.add_option("--server", options.server, "HOST, HOST:PORT or a provider's name");
  command.add_option("--account", options.account, "an account made with packetboat account add");
  command.add_option("--user", options.user, "log in as this user");
  command.add_option("--password-command", options.password_command,
                     "its first line is the password (else PACKETBOAT_PASSWORD, else asked)");
  command.add_option("--token-command", options.token_command,
                     "its first line is an OAuth access token");
  command.add_option("--port", options.ways, "only these: 587 or 587/starttls,10465/tls");
  command.add_option("--prefer", options.prefer, "587 (default), 465 or provider");
  command.add_option("--ca-file", options.ca_file, "trust the issuers of this file only");
  command.add_option("--resolver", options.resolver, "ask this DNS server (HOST:PORT)");
  command.add_flag("-4", options.v4, "IPv4 only");
  command.add_flag("-6", options.v6, "IPv6 only");
  command.add_option("--timeout", options.timeout, "seconds for each port up to the login (30)")
      ->check(CLI::Range(0.1, 600.0));
  command
      .add_option("--transfer-timeout", options.transfer_timeout,
                  "seconds for each answer from MAIL FROM on (600)")
      ->check(CLI::Range(0.1, 3600.0));
}

std::expected<PreparedSubmission, Failure> prepare_submission(SubmissionOptions const& options,
                                                              std::string const& from,
                                                              Terminal& terminal) {
  auto account = choose_account(options, from, terminal);
  if (!account) return std::unexpected{account.error()};
  PreparedSubmission out;
  out.account = std::move(*account);
  out.network = network_name();
  auto& settings = out.settings;
  settings.host = ascii::to_lower(out.account.host);
  settings.ehlo_name = runtime::own_ehlo_name();
  settings.setup_wait = Duration{static_cast<std::int64_t>(options.timeout * 1000)};
  settings.transfer_wait = Duration{static_cast<std::int64_t>(options.transfer_timeout * 1000)};
  if (!out.account.ca_file.empty()) {
    auto roots = read_input(out.account.ca_file);
    if (!roots) return std::unexpected{Failure{roots.error().exit, roots.error().text}};
    settings.roots_pem = std::move(*roots);
  }
  auto addresses = addresses_of(options, settings.host, terminal);
  if (!addresses) return std::unexpected{addresses.error()};
  settings.addresses = std::move(*addresses);
  if (auto chosen = choose_ways(options, out, terminal); !chosen)
    return std::unexpected{chosen.error()};
  if (out.account.user.empty()) return out;
  auto secret = read_secret({.user = out.account.user,
                             .command = out.account.password_command,
                             .token_command = out.account.token_command},
                            terminal);
  if (!secret) return std::unexpected{Failure{Exit::no_permission, secret.error()}};
  settings.credentials = sasl::Credentials{.user = out.account.user,
                                           .password = std::move(secret->password),
                                           .access_token = std::move(secret->access_token)};
  return out;
}
}  // namespace pb::cli
