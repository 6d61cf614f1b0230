// vrfy.cpp: VRFY and EXPN tell nobody who has a mailbox here.
// Spec: RFC 5321 §4.1.1.6, §4.1.1.7, §7.3 (252 and 502 instead of the truth).
// Not here: recipients (rcpt.cpp).
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
void Session::Impl::handle_vrfy(std::string_view arguments) {
  if (arguments.empty()) return protocol_error(reply::bad_argument);
  answer(reply::cannot_verify);
}

void Session::Impl::handle_expn(std::string_view) { answer(reply::not_implemented); }
}  // namespace pb::smtp::server
