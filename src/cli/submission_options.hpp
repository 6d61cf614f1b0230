// submission_options.hpp: which server, how, and as whom: shared by send, account test, sendmail.
// Spec: docs/reference/command-line.md ("send").       Not here: the message (send_message).
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "cli/gateway.hpp"
#include "cli/mail_accounts.hpp"
#include "runtime/submitter.hpp"

namespace pb::cli {
struct SubmissionOptions {
  std::string server;   // HOST, HOST:PORT or a provider's name
  std::string account;  // of mail_accounts
  std::string user, password_command, token_command;
  std::string ways;    // "587/starttls,465/tls"
  std::string prefer;  // empty: 587
  std::string ca_file, resolver;
  bool v4 = false, v6 = false;
  double timeout = 30, transfer_timeout = 600;
};
void add_submission_options(CLI::App& command, SubmissionOptions& options);

/// All but the message. `account` is found or put together from the options.
struct PreparedSubmission {
  MailAccount account;
  runtime::SubmitSettings settings;
  std::string network;  // for remember_way()
};
/// `from` chooses an account, or the provider of its domain, where neither server nor account is
/// named. Looks the host up, and asks for the password last.
std::expected<PreparedSubmission, Failure> prepare_submission(SubmissionOptions const& options,
                                                              std::string const& from,
                                                              Terminal& terminal);
}  // namespace pb::cli
