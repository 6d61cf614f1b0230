// edit.cpp: see edit.hpp.          Spec: RFC 6409 §8, RFC 5322 §3.6.3, RFC 8601 §5, RFC 5321 §4.4.
// Tests: session_test.cpp.            Not here: when it happens (receive.cpp).
#include "smtp/server/edit.hpp"

#include "base/ascii.hpp"
#include "mail/date.hpp"
#include "mail/message_id.hpp"
#include "mail/tokens.hpp"
#include "mail/trace.hpp"

namespace pb::smtp::server {
void edit_header(mail::HeaderSection& header, EditContext const& context, Random& random) {
  header.remove_if([&](mail::Field const& field) {
    if (ascii::iequals(field.name, "Authentication-Results")) {
      return mail::authserv_id(field.value) == ascii::to_lower(context.hostname);
    }
    if (!context.submission) return false;
    return ascii::iequals(field.name, "Bcc") || ascii::iequals(field.name, "Resent-Bcc") ||
           ascii::iequals(field.name, "Return-Path");
  });
  if (!context.submission) return;
  // In front: behind, they would stand below lines that are no fields, where nobody reads them.
  if (!header.find("Message-ID")) {
    header.prepend("Message-ID: " + mail::make_message_id(context.now, random, context.hostname) +
                   "\r\n");
  }
  if (!header.find("Date")) header.prepend("Date: " + mail::format_date(context.now) + "\r\n");
}

std::string trace_of(SessionFacts const& facts, std::string const& hostname, QueueId id,
                     Instant now) {
  mail::ReceivedFacts received;
  received.helo = facts.helo;
  received.host_name = facts.peer.host_name;
  received.address = facts.peer.peer.address;
  received.by = hostname;
  received.esmtp = facts.esmtp;
  received.tls = facts.tls.active;
  received.authenticated = !facts.account.empty();
  received.smtputf8 = facts.envelope.smtputf8;
  received.tls_version = facts.tls.version;
  received.tls_cipher = facts.tls.cipher;
  received.queue_id = id;
  auto const& paths = facts.envelope.forward_paths;
  if (paths.size() == 1) received.only_recipient = paths.front().mailbox.text();
  received.priority = facts.envelope.priority;
  received.at = now;
  return mail::received_field(received);
}
}  // namespace pb::smtp::server
