// sendmail_arguments.hpp: the options of /usr/sbin/sendmail, as programs pass them.
// Spec: sendmail(1) of Sendmail 8 and Postfix.                  Tests: sendmail_arguments_test.cpp
// Not here: what is done (sendmail.cpp).
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mail/envelope.hpp"

namespace pb::cli {
enum class SendmailMode : std::uint8_t {
  deliver,  // read a message, send it
  smtp,     // -bs: SMTP on standard input
  list,     // -bp, mailq
  flush,    // -q
  aliases,  // -bi, newaliases: nothing to rebuild
};

struct SendmailArguments {
  SendmailMode mode = SendmailMode::deliver;
  bool from_header = false;         // -t
  bool dot_is_text = false;         // -i, -oi: a line of one dot does not end the message
  bool verbose = false;             // -v
  std::optional<std::string> from;  // -f, -r; "<>" is empty
  std::string full_name;            // -F
  std::vector<std::string> recipients;
  mail::DsnNotify notify;                                     // -N
  mail::DsnReturn dsn_return = mail::DsnReturn::unspecified;  // -R
  std::string envelope_id;                                    // -V
};

/// Unknown -o and options of other programs' daemons are taken and ignored. The error names what
/// is wrong: an option that wants a value, a word that -N or -R does not know, a daemon mode.
std::expected<SendmailArguments, std::string> parse_sendmail(
    std::span<std::string const> arguments);
}  // namespace pb::cli
