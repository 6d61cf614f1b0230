// rcpt.cpp: the RCPT command adds one forward-path to the envelope.
// Spec: RFC 5321 §4.1.1.3, order §4.1.4, §4.5.3.1.10 (too many); DSN parameters RFC 3461 §4.
// Tests: dialogues/rcpt_*.smtp.                      Not here: do we want this recipient (policy/).
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
void Session::Impl::handle_rcpt(std::string_view arguments) {
  if (facts_.envelope.forward_paths.size() >= settings_->recipients_max) {
    return answer(reply::too_many_recipients);
  }
  auto parsed =
      parse_rcpt(arguments, facts_.envelope.smtputf8 ? mail::Utf8::allow : mail::Utf8::refuse);
  if (!parsed) {
    return syntax_error(parsed.error(), reply::bad_forward_path, reply::forward_path_needs_utf8);
  }
  if (parsed->has_parameters && !facts_.esmtp) return protocol_error(reply::unknown_parameter);
  facts_.recipient = std::move(parsed->path);
  ask(Stage::rcpt);
}

void Session::Impl::on_rcpt_verdict(Verdict const& verdict) {
  if (is_acceptance(verdict)) {
    facts_.envelope.forward_paths.push_back(std::move(*facts_.recipient));
    facts_.recipient.reset();
    order_ = Order::has_recipients;
    return answer(reply::rcpt_ok);
  }
  facts_.recipient.reset();
  answer_refusal(verdict);
}
}  // namespace pb::smtp::server
