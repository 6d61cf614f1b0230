// send_message.cpp: see send_message.hpp.
// Spec: RFC 5322 §3.6; RFC 6409 §8; RFC 6532 (raw UTF-8 in header fields needs SMTPUTF8).
// Tests: send_test.cpp
#include "cli/send_message.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "cli/send_messages.hpp"
#include "cli/verify_input.hpp"
#include "mail/compose.hpp"
#include "mail/date.hpp"
#include "mail/header_section.hpp"
#include "mail/message_id.hpp"

namespace pb::cli {
namespace {
using Addresses = std::vector<mail::NamedAddress>;

std::unexpected<Failure> wrong(MessageContext const& context, text::Text const& text,
                               std::string_view shown = {}) {
  return std::unexpected{
      Failure{Exit::usage, text::say(context.language, text, escape_for_display(shown))}};
}

std::expected<void, Failure> read_addresses(std::string_view text, MessageContext const& context,
                                            Addresses& out) {
  auto const list = mail::parse_header_addresses(text);
  if (!list || list->empty()) return wrong(context, send_text("bad_address"), text);
  out.insert(out.end(), list->begin(), list->end());
  return {};
}

std::expected<Addresses, Failure> read_all(std::vector<std::string> const& texts,
                                           MessageContext const& context) {
  Addresses out;
  for (auto const& text : texts) {
    auto const read = read_addresses(text, context, out);
    if (!read) return std::unexpected{read.error()};
  }
  return out;
}

void add_recipients(mail::Envelope& envelope, Addresses const& addresses) {
  for (auto const& address : addresses) {
    bool const known = std::ranges::any_of(
        envelope.forward_paths, [&](auto const& path) { return path.mailbox == address.mailbox; });
    if (!known) envelope.forward_paths.push_back({address.mailbox, {}, {}});
  }
}

/// Envelope and content are there: what the transaction says of them.
std::expected<OutgoingMessage, Failure> finished(OutgoingMessage out,
                                                 MessageContext const& context) {
  if (out.transaction.envelope.forward_paths.empty())
    return wrong(context, send_text("no_recipient"));
  out.transaction.octets = out.content.size();
  out.transaction.eight_bit = !utf8::is_ascii(out.content);
  auto const end = out.content.find("\r\n\r\n");
  out.transaction.header_utf8 = !utf8::is_ascii(std::string_view{out.content}.substr(0, end));
  return out;
}

struct Recipients {
  Addresses to, cc, bcc;
};
std::expected<Recipients, Failure> recipients_of(MessageOptions const& options,
                                                 MessageContext const& context) {
  auto to = read_all(options.to, context);
  if (!to) return std::unexpected{to.error()};
  auto cc = read_all(options.cc, context);
  if (!cc) return std::unexpected{cc.error()};
  auto bcc = read_all(options.bcc, context);
  if (!bcc) return std::unexpected{bcc.error()};
  return Recipients{std::move(*to), std::move(*cc), std::move(*bcc)};
}

std::string hostname_for(mail::Mailbox const& from, MessageContext const& context) {
  return from.domain.is_literal() ? context.hostname : from.domain.key();
}

/// The author of a whole message: --from, or its From field.
std::expected<Addresses, Failure> author_of(mail::HeaderSection const& header,
                                            MessageOptions const& options,
                                            MessageContext const& context) {
  Addresses from;
  auto const field = header.find("From");
  if (options.from.empty() && !field) return wrong(context, send_text("no_from"));
  auto const read =
      read_addresses(options.from.empty() ? field->value : options.from, context, from);
  if (!read) return std::unexpected{read.error()};
  return from;
}

/// Bcc out; From, Message-ID and Date in where they lack.
void complete(mail::HeaderSection& header, mail::Mailbox const& author, std::string_view full_name,
              MessageContext const& context) {
  header.remove_if([](mail::Field const& field) { return ascii::iequals(field.name, "Bcc"); });
  if (!header.find("From")) {
    std::string const address = author.text();
    header.prepend(full_name.empty()
                       ? "From: " + address + "\r\n"
                       : "From: " + mail::display_phrase(full_name) + " <" + address + ">\r\n");
  }
  if (!header.find("Message-ID"))
    header.prepend(
        "Message-ID: " +
        mail::make_message_id(context.now, context.random, hostname_for(author, context)) + "\r\n");
  if (!header.find("Date")) header.prepend("Date: " + mail::format_date(context.now) + "\r\n");
}

/// Where the fields end: at an empty line, or at the first line that is none. {end, begin of body}.
std::pair<std::size_t, std::size_t> end_of_fields(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    auto const end = text.find("\r\n", at);
    std::string_view const line = text.substr(at, end - at);
    if (line.empty()) return {at, at + 2};
    auto const colon = line.find(':');
    bool const folded = at > 0 && ascii::is_wsp(line[0]);
    bool const field = colon != std::string_view::npos && colon > 0 &&
                       std::ranges::all_of(line.substr(0, colon), ascii::is_vchar);
    if (!folded && !field) return {at, at};
    at = end + 2;
  }
  return {text.size(), text.size()};
}

/// As programs write them: "root, bob@two.test" are two addresses, one of them of this computer.
std::expected<Addresses, Failure> local_addresses(std::string_view value,
                                                  MessageContext const& context) {
  if (auto list = mail::parse_header_addresses(value)) return std::move(*list);
  Addresses out;
  for (auto const word : ascii::split(value, ',')) {
    std::string text{ascii::trim(word)};
    if (text.empty()) continue;
    if (!text.contains('@')) text += '@' + context.hostname;
    auto const read = read_addresses(text, context, out);
    if (!read) return std::unexpected{read.error()};
  }
  return out;
}

std::expected<void, Failure> add_header_recipients(mail::HeaderSection const& header,
                                                   MessageContext const& context,
                                                   mail::Envelope& envelope) {
  for (auto const* name : {"To", "Cc", "Bcc"}) {
    for (auto const& field : header.all(name)) {
      auto const list = mail::parse_header_addresses(field.value);
      if (!list) return wrong(context, send_text("bad_address"), mail::unfold(field.value));
      add_recipients(envelope, *list);
    }
  }
  return {};
}
}  // namespace

std::expected<OutgoingMessage, Failure> compose_message(MessageOptions const& options,
                                                        MessageContext const& context) {
  if (options.from.empty()) return wrong(context, send_text("no_from"));
  mail::Draft draft;
  if (auto const read = read_addresses(options.from, context, draft.from); !read)
    return std::unexpected{read.error()};
  auto recipients = recipients_of(options, context);
  if (!recipients) return std::unexpected{recipients.error()};
  OutgoingMessage out;
  mail::Mailbox const& author = draft.from.front().mailbox;
  out.from = author.text();
  out.transaction.envelope.reverse_path.mailbox = author;
  for (auto const* list : {&recipients->to, &recipients->cc, &recipients->bcc})
    add_recipients(out.transaction.envelope, *list);
  for (auto const& path : options.attachments) {
    auto bytes = read_input(path);
    if (!bytes) return std::unexpected{Failure{bytes.error().exit, bytes.error().text}};
    draft.attachments.push_back(
        {std::filesystem::path{path}.filename().string(), {}, std::move(*bytes)});
  }
  draft.to = std::move(recipients->to);
  draft.cc = std::move(recipients->cc);
  draft.subject = options.subject;
  draft.text = options.body;
  draft.html = options.html;
  draft.date = mail::format_date(context.now);
  draft.message_id =
      mail::make_message_id(context.now, context.random, hostname_for(author, context));
  draft.boundary = "=_" + hex_encode(context.random.bytes(12));
  out.content = mail::compose(draft);
  return finished(std::move(out), context);
}

std::expected<OutgoingMessage, Failure> read_message(std::string_view text,
                                                     MessageOptions const& options,
                                                     MessageContext const& context) {
  std::string const whole = mail::clean_line_ends(text);
  auto const end = whole.find("\r\n\r\n");
  auto header =
      mail::HeaderSection::parse(whole.substr(0, end == std::string::npos ? end : end + 2));
  if (!header || header->size() == 0) return wrong(context, send_text("no_content"));
  std::string_view const body =
      end == std::string::npos ? std::string_view{} : std::string_view{whole}.substr(end + 4);
  auto const author = author_of(*header, options, context);
  if (!author) return std::unexpected{author.error()};
  auto const named = recipients_of(options, context);
  if (!named) return std::unexpected{named.error()};
  OutgoingMessage out;
  mail::Mailbox const& mailbox = author->front().mailbox;
  out.from = mailbox.text();
  auto& envelope = out.transaction.envelope;
  envelope.reverse_path.mailbox = mailbox;
  for (auto const* list : {&named->to, &named->cc, &named->bcc}) add_recipients(envelope, *list);
  if (envelope.forward_paths.empty()) {
    auto const added = add_header_recipients(*header, context, envelope);
    if (!added) return std::unexpected{added.error()};
  }
  complete(*header, mailbox, "", context);
  out.content = header->bytes() + "\r\n" + std::string{body};
  return finished(std::move(out), context);
}

std::expected<OutgoingMessage, Failure> read_sendmail_message(std::string_view text,
                                                              SendmailDraft const& draft,
                                                              MessageContext const& context) {
  std::string const whole = mail::clean_line_ends(text);
  auto const [end, begin] = end_of_fields(whole);
  auto header = mail::HeaderSection::parse(whole.substr(0, end));
  if (!header) return wrong(context, send_text("no_content"));
  OutgoingMessage out;
  auto& envelope = out.transaction.envelope;
  for (auto const& one : draft.recipients) {
    auto const addresses = local_addresses(one, context);
    if (!addresses) return std::unexpected{addresses.error()};
    add_recipients(envelope, *addresses);
  }
  for (auto const* name : {"To", "Cc", "Bcc"}) {
    if (!draft.from_header) break;
    for (auto const& field : header->all(name)) {
      auto const addresses = local_addresses(mail::unfold(field.value), context);
      if (!addresses) return std::unexpected{addresses.error()};
      add_recipients(envelope, *addresses);
    }
  }
  auto const author = mail::parse_mailbox(draft.author, mail::Utf8::allow);
  if (!author) return wrong(context, send_text("bad_address"), draft.author);
  out.from = author->text();
  envelope.reverse_path.mailbox = *author;
  complete(*header, *author, draft.full_name, context);
  out.content = header->bytes() + "\r\n" + whole.substr(begin);
  return finished(std::move(out), context);
}
}  // namespace pb::cli
