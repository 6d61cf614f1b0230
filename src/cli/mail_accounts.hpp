// mail_accounts.hpp: the accounts that this person sends with; never their passwords.
// Spec: docs/reference/command-line.md ("account"); schema packetboat.accounts/1.
// Not here: accounts of our own server (user.cpp).     Tests: tests/end_to_end/send_test.py
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "advisor/submission_plan.hpp"

namespace pb::cli {
struct MailAccount {
  std::string name;  // letters, digits, "-", "_", "."; unique
  std::string from;  // address
  std::string host;
  std::string user;                // empty: no login
  std::string password_command;    // empty: asked for
  std::string token_command;       // OAuth; empty: a password
  std::string prefer = "587";      // 587, 465, provider
  std::vector<advisor::Way> ways;  // empty: what the table says
  std::string ca_file;             // empty: the system's issuers
};
using MailAccounts = std::vector<MailAccount>;

std::expected<MailAccounts, std::string> load_mail_accounts();
std::expected<void, std::string> save_mail_accounts(MailAccounts const& accounts);
MailAccount const* find_account(MailAccounts const& accounts, std::string_view name);
}  // namespace pb::cli
