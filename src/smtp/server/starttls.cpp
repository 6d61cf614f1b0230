// starttls.cpp: the STARTTLS command; the handshake comes once 220 has been written.
// Spec: RFC 3207 §4.               Tests: dialogues/starttls_*.smtp, suites starttls-injection.
// Not here: TLS (runtime/), what is forgotten (session.cpp on_tls).
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
void Session::Impl::handle_starttls(std::string_view arguments) {
  if (facts_.tls.active) return protocol_error(reply::tls_active);
  if (!settings_->starttls_offered) return protocol_error(reply::tls_not_available);
  if (!arguments.empty()) return protocol_error(reply::no_arguments);
  mode_ = Mode::starttls;
}
}  // namespace pb::smtp::server
