// quit.cpp: the QUIT command ends the session; an open transaction is forgotten.
// Spec: RFC 5321 §4.1.1.10.                         Not here: other ends (session.cpp).
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
void Session::Impl::handle_quit(std::string_view arguments) {
  if (!arguments.empty()) return protocol_error(reply::no_arguments);
  answer(reply::closing);
  hang_up(HangupReason::quit);
}
}  // namespace pb::smtp::server
