// transfer.cpp: one transaction: the sender that runs ahead, and what each reply decides.
// Spec: RFC 5321 §3.3, §4.1.1.2-4; RFC 2920 §3.1; RFC 3030 §2; RFC 2033 §4.2.
// Tests: dialogue_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "base/utf8.hpp"
#include "smtp/client/session_impl.hpp"

namespace pb::smtp::client {
namespace {
constexpr std::uint16_t start_mail_input = 354;
/// Commands without a reply yet: their replies must fit into our receive buffer while we still
/// write, or both sides wait for ever (RFC 2920 §3.1).
constexpr std::size_t commands_ahead_max = 100;
constexpr std::size_t chunk_octets_max = 64 * 1024;
constexpr std::size_t chunks_ahead_max = 4;
/// Content up to this goes out before the recipients are accepted: a round trip is dearer.
constexpr std::uint64_t eager_content_octets_max = 64 * 1024;

bool has_utf8_local_part(mail::ReversePath const& path) {
  return path.mailbox && !utf8::is_ascii(path.mailbox->local_part);
}

bool needs_smtputf8(Transaction const& transaction) {
  if (transaction.header_utf8 || has_utf8_local_part(transaction.envelope.reverse_path))
    return true;
  return std::ranges::any_of(transaction.envelope.forward_paths, [](auto const& path) {
    return !utf8::is_ascii(path.mailbox.local_part);
  });
}

/// Without SMTPUTF8 a domain is written in A-labels (RFC 6531 §3.2).
std::string path_text(mail::Mailbox const& mailbox, bool smtputf8) {
  if (smtputf8 || utf8::is_ascii(mailbox.domain.text)) return mailbox.text();
  return mail::Mailbox{mailbox.local_part, {mailbox.domain.key()}}.text();
}

/// RFC 3461 §4.1; unspecified: nothing.
std::string notify_parameter(mail::DsnNotify const& notify) {
  if (!notify.specified) return {};
  if (notify.never) return " NOTIFY=NEVER";
  std::string out;
  auto const add = [&out](bool wanted, std::string_view word) {
    if (wanted) out += (out.empty() ? "" : ",") + std::string{word};
  };
  add(notify.success, "SUCCESS");
  add(notify.failure, "FAILURE");
  add(notify.delay, "DELAY");
  return out.empty() ? out : " NOTIFY=" + out;
}

std::string dsn_parameters(mail::Envelope const& envelope) {
  std::string out;
  switch (envelope.dsn_return) {
    case mail::DsnReturn::unspecified:
      break;
    case mail::DsnReturn::full:
      out += " RET=FULL";
      break;
    case mail::DsnReturn::headers:
      out += " RET=HDRS";
      break;
  }
  if (!envelope.envelope_id.empty()) out += " ENVID=" + envelope.envelope_id;
  return out;
}
}  // namespace

void Session::Impl::begin(Transaction transaction) {
  PB_CHECK(is_usable());
  PB_CHECK(!transaction.envelope.forward_paths.empty());
  open.emplace();
  open->transcript.recipients.resize(transaction.envelope.forward_paths.size());
  open->transaction = std::move(transaction);
}

Fault Session::Impl::missing_extension() const {
  Transaction const& wanted = open->transaction;
  if (capabilities.message_octets_max && wanted.octets > *capabilities.message_octets_max)
    return Fault::too_large;
  if (!capabilities.smtputf8) {
    if (has_utf8_local_part(wanted.envelope.reverse_path)) return Fault::utf8_address_unsupported;
    if (wanted.header_utf8) return Fault::utf8_header_unsupported;
  }
  if (wanted.eight_bit && !wanted.eight_bit_anyway && !capabilities.eight_bit_mime)
    return Fault::eight_bit_missing;
  if (wanted.envelope.deliver_by_return && wanted.deliver_by_seconds && !capabilities.deliverby)
    return Fault::deliverby_missing;
  return Fault::none;
}

void Session::Impl::choose_recipients() {
  auto const& paths = open->transaction.envelope.forward_paths;
  std::set<std::string> domains;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!capabilities.smtputf8 && !utf8::is_ascii(paths[i].mailbox.local_part)) {
      open->transcript.recipients[i].address_unsendable = true;
      continue;
    }
    if (capabilities.rcpt_max && open->order.size() >= *capabilities.rcpt_max) continue;
    if (capabilities.rcpt_domain_max) {
      std::string key = paths[i].mailbox.domain.key();
      if (!domains.contains(key) && domains.size() >= *capabilities.rcpt_domain_max) continue;
      domains.insert(std::move(key));
    }
    open->order.push_back(i);
  }
}

bool Session::Impl::may_send() const {
  bool const ahead = settings.use_pipelining && capabilities.pipelining;
  return ahead ? pending.size() < commands_ahead_max : pending.empty();
}

void Session::Impl::send_commands() {
  using Stage = Open::Stage;
  PB_CHECK(open);
  while (state == State::ready && open->stage < Stage::reply_to_data && may_send()) {
    switch (open->stage) {
      case Stage::mail:
        send_reset_and_mail();
        break;
      case Stage::rcpt:
        send_rcpt();
        break;
      case Stage::data:
        if (!content_may_go()) return;
        send_data();
        break;
      case Stage::reply_to_data:
      case Stage::body:
      case Stage::ended:
        return;
    }
  }
}

void Session::Impl::send_reset_and_mail() {
  if (reset_due) {
    reset_due = false;
    return command("RSET", Expect::rset);
  }
  Transaction const& wanted = open->transaction;
  open->transcript.dsn_offered = capabilities.dsn;
  open->transcript.deliverby_offered = capabilities.deliverby;
  choose_recipients();
  Fault const missing = missing_extension();
  if (missing != Fault::none || open->order.empty()) {
    open->transcript.fault = missing;
    open->transcript.phase = Phase::mail;
    open->stage = Open::Stage::ended;
    return;
  }
  bool const smtputf8 = capabilities.smtputf8 && needs_smtputf8(wanted);
  auto const& mailbox = wanted.envelope.reverse_path.mailbox;
  std::string line =
      fmt::format("MAIL FROM:<{}>", mailbox ? path_text(*mailbox, smtputf8) : std::string{});
  if (capabilities.size) line += fmt::format(" SIZE={}", wanted.octets);
  if (wanted.eight_bit && capabilities.eight_bit_mime) line += " BODY=8BITMIME";
  if (smtputf8) line += " SMTPUTF8";
  if (capabilities.dsn) line += dsn_parameters(wanted.envelope);
  if (capabilities.deliverby && wanted.deliver_by_seconds)
    line += fmt::format(" BY={};{}{}", *wanted.deliver_by_seconds,
                        wanted.envelope.deliver_by_return ? 'R' : 'N',
                        wanted.envelope.deliver_by_trace ? "T" : "");
  if (capabilities.mt_priority && wanted.envelope.priority != 0)
    line += fmt::format(" MT-PRIORITY={}", wanted.envelope.priority);
  command(std::move(line), Expect::mail);
  open->mail_sent = true;
  open->stage = Open::Stage::rcpt;
}

void Session::Impl::send_rcpt() {
  if (open->mail_refused) {
    open->stage = Open::Stage::ended;
    return;
  }
  if (open->named == open->order.size()) {
    open->stage = Open::Stage::data;
    return;
  }
  std::size_t const recipient = open->order[open->named++];
  mail::ForwardPath const& path = open->transaction.envelope.forward_paths[recipient];
  bool const smtputf8 = capabilities.smtputf8 && needs_smtputf8(open->transaction);
  std::string line = fmt::format("RCPT TO:<{}>", path_text(path.mailbox, smtputf8));
  if (capabilities.dsn) {
    line += notify_parameter(path.notify);
    if (!path.original_recipient.empty()) line += " ORCPT=" + path.original_recipient;
  }
  command(std::move(line), Expect::rcpt, recipient);
}

bool Session::Impl::content_may_go() const {
  // LMTP's replies at the end are counted by the recipients that were accepted (RFC 2033 §4.2).
  bool const eager =
      settings.protocol == Protocol::smtp && open->transaction.octets <= eager_content_octets_max;
  bool const chunked = settings.use_chunking && capabilities.chunking;
  return !chunked || eager || pending.empty();
}

void Session::Impl::send_data() {
  if (open->mail_refused || (pending.empty() && open->accepted.empty())) {
    open->stage = Open::Stage::ended;
    return;
  }
  open->chunked = settings.use_chunking && capabilities.chunking;
  if (open->chunked) {
    open->stage = Open::Stage::body;
    return;
  }
  command("DATA", Expect::data);
  open->stage = Open::Stage::reply_to_data;
}

void Session::Impl::on_mail(RemoteReply reply) {
  if (reply.code >= 300 && reply.code < 400)
    return fail(Fault::bad_reply, Phase::mail, std::move(reply));
  if (reply.is_positive()) return;
  open->mail_refused = true;
  for (RecipientResult& result : open->transcript.recipients) {
    result.reply = reply;
    result.phase = Phase::mail;
  }
  if (open->stage == Open::Stage::rcpt || open->stage == Open::Stage::data)
    open->stage = Open::Stage::ended;
}

void Session::Impl::on_rcpt(std::size_t recipient, RemoteReply reply) {
  if (reply.code >= 300 && reply.code < 400)
    return fail(Fault::bad_reply, Phase::rcpt, std::move(reply));
  if (open->mail_refused) return;
  if (reply.is_positive()) {
    open->accepted.push_back(recipient);
    return;
  }
  RecipientResult& result = open->transcript.recipients[recipient];
  result.reply = std::move(reply);
  result.phase = Phase::rcpt;
}

void Session::Impl::on_data(RemoteReply reply) {
  if (reply.code == start_mail_input) {
    if (!open->accepted.empty() && !open->mail_refused) {
      open->stage = Open::Stage::body;
      return;
    }
    // It wants content for nobody: the shortest message there is ends that.
    out += ".\r\n";
    record(true, ".");
    pending.push_back({Expect::lone_dot});
    open->stage = Open::Stage::ended;
    return;
  }
  if (reply.code < 400) return fail(Fault::bad_reply, Phase::data, std::move(reply));
  decide_accepted(reply, Phase::data);
  open->stage = Open::Stage::ended;
}

void Session::Impl::on_chunk(RemoteReply reply) {
  --open->chunks_unanswered;
  if (reply.code >= 300 && reply.code < 400)
    return fail(Fault::bad_reply, Phase::body, std::move(reply));
  if (reply.is_positive()) return;
  decide_accepted(reply, Phase::body);
  open->stage = Open::Stage::ended;
}

void Session::Impl::on_final(Pending answered, RemoteReply reply) {
  if (reply.code >= 300 && reply.code < 400)
    return fail(Fault::bad_reply, Phase::end_of_data, std::move(reply));
  if (settings.protocol == Protocol::smtp) return decide_accepted(reply, Phase::end_of_data);
  RecipientResult& result = open->transcript.recipients[answered.recipient];
  if (result.reply) return;
  result.reply = std::move(reply);
  result.phase = Phase::end_of_data;
}

void Session::Impl::decide_accepted(RemoteReply const& reply, Phase at) {
  for (std::size_t const recipient : open->accepted) {
    RecipientResult& result = open->transcript.recipients[recipient];
    if (result.reply) continue;
    result.reply = reply;
    result.phase = at;
  }
}

std::optional<NeedBody> Session::Impl::body_need() {
  if (open->stage != Open::Stage::body) return std::nullopt;
  if (open->chunked && open->chunks_unanswered >= chunks_ahead_max) return std::nullopt;
  std::uint64_t const left = open->transaction.octets - open->offset;
  if (left == 0) {
    on_body({});
    return std::nullopt;
  }
  open->body_wanted = true;
  return NeedBody{open->offset,
                  static_cast<std::size_t>(std::min<std::uint64_t>(left, chunk_octets_max))};
}

void Session::Impl::on_body(std::string_view bytes) {
  if (!open || open->stage != Open::Stage::body) return;  // refused while the store was reading
  PB_CHECK(bytes.size() <= open->transaction.octets - open->offset);
  open->body_wanted = false;
  open->offset += bytes.size();
  bool const last = open->offset == open->transaction.octets;
  PB_CHECK(last || !bytes.empty());
  if (!open->chunked) {
    open->encoder.append(bytes, out);
    if (!last) return;
    open->encoder.finish(out);
    return end_content();
  }
  std::string const line = fmt::format("BDAT {}{}", bytes.size(), last ? " LAST" : "");
  record(true, line);
  out.append(line).append("\r\n").append(bytes);
  if (last) return end_content();
  ++open->chunks_unanswered;
  pending.push_back({Expect::chunk});
}

void Session::Impl::end_content() {
  open->stage = Open::Stage::ended;
  open->transcript.end_of_data_sent = true;
  if (settings.protocol == Protocol::smtp) return pending.push_back({Expect::final});
  for (std::size_t const recipient : open->accepted) pending.push_back({Expect::final, recipient});
}

bool Session::Impl::transaction_over() const {
  if (state == State::closing || state == State::closed) return true;
  return open->stage == Open::Stage::ended && pending.empty();
}

Step Session::Impl::finish_transaction() {
  Transcript transcript = std::move(open->transcript);
  bool const delivered = std::ranges::any_of(transcript.recipients, &RecipientResult::delivered);
  reset_due = open->mail_sent && !delivered;
  if (open->mail_sent) ++transactions;
  open.reset();
  return Done{std::move(transcript)};
}
}  // namespace pb::smtp::client
