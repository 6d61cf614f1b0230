// mail.cpp: the MAIL command opens a transaction with its reverse-path and parameters.
// Spec: RFC 5321 §4.1.1.2; RFC 1870 §6.1 (SIZE), RFC 4865 §4, RFC 2852 §4, RFC 6710 §4.
// Tests: dialogues/mail_*.smtp.            Not here: may this peer send as this address (policy/).
#include "base/limits.hpp"
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
namespace {
using std::chrono::seconds;

/// The parameters of this command belong to extensions that EHLO offered here.
bool all_offered(MailCommand const& command, bool auth, bool hold, bool by, bool priority) {
  bool const holds = command.hold_for_seconds || command.hold_until;
  return (!command.auth || auth) && (!holds || hold) && (!command.deliver_by || by) &&
         (!command.priority || priority);
}
}  // namespace

void Session::Impl::handle_mail(std::string_view arguments) {
  if (transactions_ >= settings_->transactions_max) {
    answer(reply::too_many_transactions);
    return hang_up(HangupReason::too_many_errors);
  }
  auto parsed = parse_mail(arguments);
  if (!parsed) {
    return syntax_error(parsed.error(), reply::bad_reverse_path, reply::reverse_path_needs_utf8);
  }
  MailCommand& command = *parsed;
  if (command.has_parameters && !facts_.esmtp) return protocol_error(reply::unknown_parameter);
  if (!all_offered(command, settings_->auth_offered, offers(settings_->futurerelease),
                   offers(settings_->deliverby), offers(settings_->mt_priority))) {
    return protocol_error(reply::unknown_parameter);
  }
  Instant const now = clock_.now();
  if (command.hold_for_seconds) command.hold_until = now + seconds{*command.hold_for_seconds};
  if (command.hold_until && *command.hold_until > now + limits::hold_max) {
    return answer(reply::hold_too_long);
  }
  if (command.deliver_by && command.deliver_by->return_mail &&
      seconds{command.deliver_by->seconds} < limits::deliver_by_min) {
    return answer(reply::deliver_by_too_short);
  }
  if (command.size.value_or(0) > settings_->message_octets_max) {
    return answer(reply::declared_too_big);
  }
  reset_transaction();  // what a failed chunk left behind
  mail::Envelope& envelope = facts_.envelope;
  envelope.reverse_path = std::move(command.path);
  envelope.body_type = command.body.value_or(mail::BodyType::seven_bit);
  envelope.smtputf8 = command.smtputf8;
  envelope.declared_octets = command.size;
  envelope.envelope_id = command.envelope_id.value_or("");
  envelope.dsn_return = command.dsn_return.value_or(mail::DsnReturn::unspecified);
  envelope.auth_identity = std::move(command.auth);
  envelope.hold_until = command.hold_until;
  envelope.priority = command.priority.value_or(0);
  if (command.deliver_by) {
    envelope.deliver_by = now + seconds{command.deliver_by->seconds};
    envelope.deliver_by_return = command.deliver_by->return_mail;
    envelope.deliver_by_trace = command.deliver_by->trace;
  }
  ask(Stage::mail);
}

void Session::Impl::on_mail_verdict(Verdict const& verdict) {
  if (!is_acceptance(verdict)) {
    reset_transaction();
    return answer_refusal(verdict);
  }
  ++transactions_;
  order_ = Order::in_mail;
  answer(reply::mail_ok);
}
}  // namespace pb::smtp::server
