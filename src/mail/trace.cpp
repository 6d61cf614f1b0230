// trace.cpp: see trace.hpp.                                 Spec: RFC 5321 §4.4, RFC 3848, RFC
// 6531. Time-stamp-line = "Received:" FWS Stamp <CRLF>; Stamp = From-domain By-domain Opt-info
// [CFWS] ";" FWS date-time.                                            Not here: where it goes
// (server/edit).
#include "mail/trace.hpp"

#include <fmt/core.h>

#include "base/ascii.hpp"
#include "mail/address.hpp"
#include "mail/date.hpp"

namespace pb::mail {
namespace {
std::string literal(IpAddress const& address) {
  return fmt::format("[{}{}]", address.is_v6() ? "IPv6:" : "", address.text());
}

/// ctext, with everything else left out: no name of a cipher may open or close a comment.
std::string comment_text(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == ' ' || (ascii::is_vchar(c) && c != '(' && c != ')' && c != '\\')) out += c;
  }
  return out;
}
}  // namespace

std::string transmission_type(ReceivedFacts const& facts) {
  if (!facts.esmtp) return "SMTP";
  std::string word = facts.smtputf8 ? "UTF8SMTP" : "ESMTP";
  if (facts.tls) word += 'S';
  if (facts.authenticated) word += 'A';
  return word;
}

std::string received_field(ReceivedFacts const& facts) {
  bool const named =
      parse_domain(facts.helo, facts.smtputf8 ? Utf8::allow : Utf8::refuse).has_value();
  std::string const at = literal(facts.address);
  std::string out = fmt::format(
      "Received: from {} ({}{}{})\r\n\tby {} with {}", named ? facts.helo : at, facts.host_name,
      facts.host_name.empty() ? "" : " ", at, facts.by, transmission_type(facts));
  if (facts.tls) {
    out += fmt::format("\r\n\t({} {})", comment_text(facts.tls_version),
                       comment_text(facts.tls_cipher));
  }
  if (facts.queue_id != QueueId{}) out += fmt::format("\r\n\tid {}", facts.queue_id.text());
  if (!facts.only_recipient.empty()) out += fmt::format("\r\n\tfor <{}>", facts.only_recipient);
  if (facts.priority != 0) out += fmt::format("\r\n\tPRIORITY {}", facts.priority);
  return out + fmt::format(";\r\n\t{}\r\n", format_date(facts.at));
}
}  // namespace pb::mail
