// send_message.hpp: the message that `send` sends, and its envelope.
// Spec: RFC 5322 §3.6; RFC 6409 §8 (what a submitted message lacks is added).
// Tests: send_test.cpp                        Not here: composing (mail/compose), sending.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "cli/gateway.hpp"
#include "smtp/client/transaction.hpp"
#include "text/language.hpp"

namespace pb::cli {
struct MessageOptions {
  std::string from;
  std::vector<std::string> to, cc, bcc;
  std::string subject, body, html;
  std::vector<std::string> attachments;  // paths
};

struct OutgoingMessage {
  smtp::client::Transaction transaction;
  std::string content;
  std::string from;  // the address alone
};

/// What the time and chance of now give, and the reader's language.
struct MessageContext {
  Instant now;
  Random& random;
  std::string hostname;
  text::Language language = text::Language::en;
};

/// From the options alone; reads the attachments.
std::expected<OutgoingMessage, Failure> compose_message(MessageOptions const& options,
                                                        MessageContext const& context);
/// From a whole message: LF or CRLF in, CRLF out; Bcc removed; Date, Message-ID and From added
/// where they lack. Recipients: those of the options, or those of To, Cc and Bcc.
std::expected<OutgoingMessage, Failure> read_message(std::string_view text,
                                                     MessageOptions const& options,
                                                     MessageContext const& context);

/// What a program gives to sendmail: perhaps without any header field.
struct SendmailDraft {
  std::vector<std::string> recipients;  // of the command line
  bool from_header = false;             // those of To, Cc and Bcc, too (-t)
  std::string author;                   // where From lacks
  std::string full_name;
};
std::expected<OutgoingMessage, Failure> read_sendmail_message(std::string_view text,
                                                              SendmailDraft const& draft,
                                                              MessageContext const& context);
}  // namespace pb::cli
