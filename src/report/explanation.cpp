// explanation.cpp: from a reason to a sentence and an advice.
// Spec: RFC 3463 §3 (what a status means).                            Tests: dsn_test.cpp
#include "report/explanation.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/encoding.hpp"
#include "mail/date.hpp"
#include "report/messages.hpp"
#include "text/layout.hpp"

namespace pb::report {
namespace {
using queue::Reason;
using queue::ReportAction;
using queue::ReportItem;
using smtp::EnhancedStatus;
using text::Text;

constexpr std::size_t columns_max = 76;
constexpr std::size_t said_octets_max = 900;

struct Advice {
  Text why;
  Text what;
};

/// By what a server's status says (RFC 3463); it is more exact than "refused".
Advice of_refusal(EnhancedStatus status) {
  if (status.subject == 1 && (status.detail == 1 || status.detail == 6))
    return {words("why.no_mailbox"), words("do.address")};
  if (status.subject == 1 && status.detail == 2)
    return {words("why.no_domain"), words("do.address")};
  if (status.subject == 2 && status.detail == 2)
    return {words("why.mailbox_full"), words("do.later")};
  if ((status.subject == 3 && status.detail == 4) || (status.subject == 2 && status.detail == 3))
    return {words("why.too_large"), words("do.smaller")};
  if (status.subject == 4 && status.detail == 6) return {words("why.loop"), words("do.ask_them")};
  return {words("why.refused"), words("do.ask_them")};
}

Advice of_failure(ReportItem const& item) {
  switch (item.state.reason) {
    case Reason::mailbox_unknown:
      return {words("why.no_mailbox"), words("do.address")};
    case Reason::domain_not_found:
      return {words("why.no_domain"), words("do.address")};
    case Reason::null_mx:
      return {words("why.null_mx"), words("do.other_way")};
    case Reason::no_address:
      return {words("why.no_address"), words("do.address")};
    case Reason::mail_loop:
    case Reason::too_many_hops:
      return {words("why.loop"), words("do.ask_them")};
    case Reason::mailbox_full:
      return {words("why.mailbox_full"), words("do.later")};
    case Reason::message_too_large:
      return {words("why.too_large"), words("do.smaller")};
    case Reason::utf8_address_unsupported:
    case Reason::utf8_header_unsupported:
      return {words("why.utf8"), words("do.other_way")};
    case Reason::eight_bit_unsupported:
      return {words("why.eight_bit"), words("do.other_way")};
    case Reason::rejected_by_rule:
      return {words("why.rule"), words("do.other_way")};
    case Reason::deliver_by_passed:
      return {words("why.deliver_by"), words("do.later")};
    case Reason::bounced_by_admin:
      return {words("why.admin"), words("do.later")};
    case Reason::remote_refused:
      return of_refusal(item.status);
    case Reason::none:
    case Reason::connect_failed:
    case Reason::connect_timeout:
    case Reason::connection_lost:
    case Reason::remote_timeout:
    case Reason::remote_garbage:
    case Reason::tls_failed:
    case Reason::outcome_unknown:
    case Reason::greeting_refused:
    case Reason::service_closing:
    case Reason::remote_deferred:
    case Reason::too_many_recipients:
    case Reason::dns_failed:
    case Reason::dns_timeout:
    case Reason::dns_bogus:
    case Reason::local_fault:
    case Reason::no_route:
    case Reason::credentials_refused:
    case Reason::untrusted_certificate:
    case Reason::policy_tls_required:
    case Reason::store_fault:
    case Reason::expired:
    case Reason::held_by_admin:
    case Reason::held_by_rule:
    case Reason::crashed_in_flight:
    case Reason::site_busy:
    case Reason::site_down:
    case Reason::shutting_down:
      break;
  }
  return {words("why.expired"), words("do.later")};
}

Text of_delay(Reason reason) {
  switch (reason) {
    case Reason::remote_deferred:
    case Reason::greeting_refused:
    case Reason::service_closing:
    case Reason::too_many_recipients:
      return words("why.deferred");
    case Reason::local_fault:
    case Reason::no_route:
    case Reason::credentials_refused:
    case Reason::untrusted_certificate:
    case Reason::policy_tls_required:
    case Reason::store_fault:
    case Reason::held_by_admin:
    case Reason::held_by_rule:
    case Reason::crashed_in_flight:
      return words("why.ours");
    case Reason::mailbox_full:
      return words("why.mailbox_full");
    case Reason::none:
    case Reason::connect_failed:
    case Reason::connect_timeout:
    case Reason::connection_lost:
    case Reason::remote_timeout:
    case Reason::remote_garbage:
    case Reason::tls_failed:
    case Reason::outcome_unknown:
    case Reason::remote_refused:
    case Reason::dns_failed:
    case Reason::dns_timeout:
    case Reason::dns_bogus:
    case Reason::domain_not_found:
    case Reason::null_mx:
    case Reason::no_address:
    case Reason::mail_loop:
    case Reason::too_many_hops:
    case Reason::eight_bit_unsupported:
    case Reason::utf8_address_unsupported:
    case Reason::utf8_header_unsupported:
    case Reason::message_too_large:
    case Reason::mailbox_unknown:
    case Reason::rejected_by_rule:
    case Reason::expired:
    case Reason::deliver_by_passed:
    case Reason::bounced_by_admin:
    case Reason::site_busy:
    case Reason::site_down:
    case Reason::shutting_down:
      break;
  }
  return words("why.unreachable");
}

class Writer {
 public:
  Writer(queue::ReportRequest const& request, std::string_view hostname, text::Language language)
      : request_{request}, hostname_{hostname}, language_{language} {}

  std::string write() {
    group(ReportAction::failed, words("failed.one"), words("failed.many"));
    group(ReportAction::delayed, words("delayed.one"), words("delayed.many"));
    for (ReportItem const& item : request_.items) {
      if (item.action == ReportAction::delivered) paragraph(say(words("delivered.one"), item));
      if (item.action == ReportAction::relayed) paragraph(say(words("relayed.one"), item));
    }
    paragraph(say(words("below"), request_.items.front()));
    paragraph(std::string{hostname_});
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string say(Text const& message, ReportItem const& item) const {
    mail::Mailbox const& mailbox = request_.message->envelope.forward_paths[item.recipient].mailbox;
    queue::RemoteReply const& reply = item.state.reply;
    std::string_view const host = std::string_view{reply.host}.substr(0, reply.host.find(' '));
    return text::say(language_, message, escape_for_display(mailbox.text(), 320),
                     escape_for_display(mailbox.domain.text, 255),
                     host.empty() ? std::string{hostname_} : escape_for_display(host, 255),
                     mail::format_date(request_.message->expires_at), count_);
  }

  void line(std::string_view text) { out_.append(text).append("\r\n"); }
  void paragraph(std::string const& text) {
    if (!out_.empty()) line("");
    for (std::string const& part : text::wrap(text, columns_max)) line(part);
  }

  [[nodiscard]] Text why(ReportItem const& item) const {
    bool const failed = item.action == ReportAction::failed;
    return failed ? of_failure(item).why : of_delay(item.state.reason);
  }
  [[nodiscard]] Text what(ReportItem const& item) const {
    return item.action == ReportAction::failed ? of_failure(item).what : words("do.wait");
  }

  void group(ReportAction action, Text const& one, Text const& many) {
    std::vector<ReportItem const*> items;
    for (ReportItem const& item : request_.items)
      if (item.action == action) items.push_back(&item);
    count_ = items.size();
    if (items.empty()) return;
    if (items.size() > 1) paragraph(say(many, *items.front()));
    for (ReportItem const* item : items) {
      std::string const first = items.size() > 1 ? recipient(*item) + ": " : say(one, *item);
      paragraph(first + say(why(*item), *item));
      paragraph(say(what(*item), *item));
      quote(*item);
    }
  }

  [[nodiscard]] std::string recipient(ReportItem const& item) const {
    return escape_for_display(
        request_.message->envelope.forward_paths[item.recipient].mailbox.text(), 320);
  }

  void quote(ReportItem const& item) {
    if (item.state.reply.code == 0) return;
    paragraph(say(words("said"), item));
    for (std::string const& part : text::wrap(said_in_one_line(item.state.reply), columns_max - 4))
      line("    " + part);
  }

  queue::ReportRequest const& request_;
  std::string_view hostname_;
  text::Language language_;
  std::size_t count_ = 0;
  std::string out_;
};
}  // namespace

std::string said_in_one_line(queue::RemoteReply const& reply) {
  std::string out = fmt::format("{}", reply.code);
  if (reply.status != EnhancedStatus{})
    out += fmt::format(" {}.{}.{}", reply.status.klass, reply.status.subject, reply.status.detail);
  std::string flat = reply.text;
  for (char& c : flat)
    if (c == '\n') c = ' ';
  if (!flat.empty()) out += ' ' + flat;
  return escape_for_display(out, said_octets_max);
}

std::string explain(queue::ReportRequest const& request, std::string_view hostname,
                    text::Language language) {
  return Writer{request, hostname, language}.write();
}
}  // namespace pb::report
