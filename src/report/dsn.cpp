// dsn.cpp: the three parts of multipart/report, put together.
// Spec: RFC 3464 §2; RFC 6522 §3; RFC 2047 §2.                 Tests: dsn_test.cpp
#include "report/dsn.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "mail/date.hpp"
#include "mail/header_section.hpp"
#include "mail/transfer_encoding.hpp"
#include "report/explanation.hpp"
#include "report/messages.hpp"
#include "smtp/command.hpp"

namespace pb::report {
namespace {
using queue::ReportAction;
using queue::ReportItem;

constexpr std::size_t diagnostic_octets_max = 900;  // of a line of at most 998 (RFC 5322 §2.1.1)

std::string_view name_of(ReportAction action) {
  switch (action) {
    case ReportAction::failed:
      return "failed";
    case ReportAction::delayed:
      return "delayed";
    case ReportAction::delivered:
      return "delivered";
    case ReportAction::relayed:
      return "relayed";
  }
  return "failed";
}

/// utf-8-addr-xtext (RFC 6533 §3): what is not ASCII, and '\', '+' and '=', as \x{HEX}.
std::string utf8_address_xtext(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char const c = text.front();
    if (ascii::is_vchar(c) && c != '\\' && c != '+' && c != '=') {
      out += c;
      text.remove_prefix(1);
    } else if (auto const code_point = utf8::take(text)) {
      out += fmt::format("\\x{{{:X}}}", static_cast<std::uint32_t>(*code_point));
    } else {
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string typed_address(mail::Mailbox const& mailbox) {
  std::string const text = mailbox.text();
  if (utf8::is_ascii(text)) return "rfc822; " + text;
  return "utf-8; " + utf8_address_xtext(text);
}

/// ORCPT "rfc822;bob+40x" as "rfc822; bob@x"; nothing when it cannot be shown in a field.
std::string original_recipient(std::string const& orcpt) {
  auto const semicolon = orcpt.find(';');
  if (semicolon == std::string::npos) return {};
  std::string const type = ascii::to_lower(orcpt.substr(0, semicolon));
  std::string const value = orcpt.substr(semicolon + 1);
  if (type == "utf-8") return fmt::format("Original-Recipient: utf-8; {}\r\n", value);
  auto const decoded = smtp::decode_xtext(value);
  if (!decoded ||
      !std::ranges::all_of(*decoded, [](char c) { return ascii::is_vchar(c) || c == ' '; }))
    return {};
  return fmt::format("Original-Recipient: {}; {}\r\n", type, *decoded);
}

std::string status_of_message(DsnInput const& input) {
  queue::QueuedMessage const& message = *input.request.message;
  std::string out = fmt::format("Reporting-MTA: dns; {}\r\n", input.hostname);
  if (auto const id = smtp::decode_xtext(message.envelope.envelope_id);
      id && !id->empty() &&
      std::ranges::all_of(*id, [](char c) { return ascii::is_vchar(c) || c == ' '; }))
    out += fmt::format("Original-Envelope-Id: {}\r\n", *id);
  out += fmt::format("Arrival-Date: {}\r\n", mail::format_date(message.accepted_at));
  return out;
}

std::string status_of(ReportItem const& item, DsnInput const& input) {
  queue::QueuedMessage const& message = *input.request.message;
  mail::ForwardPath const& path = message.envelope.forward_paths[item.recipient];
  queue::RemoteReply const& reply = item.state.reply;
  std::string out = "\r\n" + original_recipient(path.original_recipient);
  out += fmt::format("Final-Recipient: {}\r\n", typed_address(path.mailbox));
  out += fmt::format("Action: {}\r\n", name_of(item.action));
  out += fmt::format("Status: {}.{}.{}\r\n", item.status.klass, item.status.subject,
                     item.status.detail);
  if (reply.code != 0) {
    std::string_view const host = std::string_view{reply.host}.substr(0, reply.host.find(' '));
    out += fmt::format("Remote-MTA: dns; {}\r\n", escape_for_display(host, 255));
    out += fmt::format("Diagnostic-Code: smtp; {}\r\n", said_in_one_line(reply));
  } else if (!reply.text.empty()) {
    out += fmt::format("Diagnostic-Code: x-packetboat; {}\r\n",
                       escape_for_display(reply.text, diagnostic_octets_max));
  }
  out += fmt::format("Last-Attempt-Date: {}\r\n", mail::format_date(input.now));
  if (item.action == ReportAction::delayed)
    out += fmt::format("Will-Retry-Until: {}\r\n", mail::format_date(message.expires_at));
  return out;
}

/// Behind its own header: seven-bit as it is, else base64.
std::string text_part(std::string const& text) {
  std::string out = "Content-Type: text/plain; charset=utf-8\r\n";
  if (utf8::is_ascii(text)) return out + "\r\n" + text;
  return out + "Content-Transfer-Encoding: base64\r\n\r\n" + mail::base64_lines(text);
}

std::string_view header_of(std::string_view content) {
  auto const end = content.find("\r\n\r\n");
  return end == std::string_view::npos ? content : content.substr(0, end + 2);
}

/// A header in UTF-8 has types of its own (RFC 6532 §3.7, RFC 6533 §4).
std::string_view type_of_returned(std::string_view header, bool full) {
  bool const global = !utf8::is_ascii(header) && utf8::valid(header);
  if (full) return global ? "message/global" : "message/rfc822";
  return global ? "message/global-headers" : "text/rfc822-headers";
}

/// What was sent: all of it or its header section (RFC 6522 §3, third part).
std::string returned_part(DsnInput const& input, bool full) {
  std::string_view const header = header_of(input.content);
  std::string_view const returned = full ? input.content : header;
  std::string out = fmt::format("Content-Type: {}\r\n", type_of_returned(header, full));
  if (!utf8::is_ascii(returned)) out += "Content-Transfer-Encoding: 8bit\r\n";
  return out + "\r\n" + std::string{returned};
}

text::Text subject_of(queue::ReportRequest const& request) {
  bool failed = false, delayed = false;
  for (ReportItem const& item : request.items) {
    failed = failed || item.action == ReportAction::failed;
    delayed = delayed || item.action == ReportAction::delayed;
  }
  if (failed) return words("subject.failed");
  return delayed ? words("subject.delayed") : words("subject.delivered");
}

/// In-Reply-To lets programs show the report beside what it is about.
std::string reply_fields(std::string_view content) {
  auto const header = mail::HeaderSection::parse(std::string{header_of(content)});
  if (!header) return {};
  auto const field = header->find("Message-ID");
  if (!field) return {};
  std::string const id = mail::unfold(field->value);
  bool const plain = id.size() < 250 && id.starts_with('<') && id.ends_with('>') &&
                     std::ranges::all_of(id, ascii::is_vchar);
  if (!plain) return {};
  return fmt::format("In-Reply-To: {}\r\nReferences: {}\r\n", id, id);
}
}  // namespace

bool full_wanted(queue::QueuedMessage const& message) {
  return message.envelope.dsn_return == mail::DsnReturn::full &&
         message.trace.size() + message.body_octets <= full_content_octets_max;
}

std::string encoded_words(std::string_view text) {
  if (utf8::is_ascii(text)) return std::string{text};
  constexpr std::size_t octets_max = 45;  // 60 characters of base64 and 12 around them
  std::string out;
  while (!text.empty()) {
    std::string_view rest = text;
    while (!rest.empty()) {
      std::string_view next = rest;
      if (!utf8::take(next)) next.remove_prefix(1);
      if (text.size() - next.size() > octets_max) break;
      rest = next;
    }
    std::string_view const piece = text.substr(0, text.size() - rest.size());
    out += (out.empty() ? "" : "\r\n ") + fmt::format("=?UTF-8?B?{}?=", base64_encode(piece));
    text = rest;
  }
  return out;
}

Dsn make_dsn(DsnInput const& input) {
  queue::QueuedMessage const& message = *input.request.message;
  bool const full = full_wanted(message);
  std::string const to = message.envelope.reverse_path.text();
  Dsn out;
  out.smtputf8 = !utf8::is_ascii(to);
  std::string const returned = returned_part(input, full);
  out.eight_bit = !utf8::is_ascii(returned) || out.smtputf8;
  std::string& content = out.content;
  content +=
      fmt::format("Date: {}\r\nMessage-ID: {}\r\n", mail::format_date(input.now), input.message_id);
  content += fmt::format("From: {} <postmaster@{}>\r\n",
                         encoded_words(words("sender.name").in(input.language)), input.hostname);
  content += fmt::format("To: <{}>\r\nSubject: {}\r\n", to,
                         encoded_words(subject_of(input.request).in(input.language)));
  content += reply_fields(input.content);
  content += "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n";
  content += fmt::format(
      "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"{}\"\r\n",
      input.boundary);
  if (out.eight_bit) content += "Content-Transfer-Encoding: 8bit\r\n";
  std::string const delimiter = fmt::format("\r\n--{}\r\n", input.boundary);
  content += delimiter;
  content += text_part(explain(input.request, input.hostname, input.language));
  content += delimiter;
  content += "Content-Type: message/delivery-status\r\n\r\n" + status_of_message(input);
  for (ReportItem const& item : input.request.items) content += status_of(item, input);
  content += delimiter;
  content += returned;
  content += fmt::format("\r\n--{}--\r\n", input.boundary);
  return out;
}
}  // namespace pb::report
