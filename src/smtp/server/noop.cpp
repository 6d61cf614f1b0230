// noop.cpp: the NOOP command does nothing; its argument is ignored.
// Spec: RFC 5321 §4.1.1.9.                          Not here: limits on commands (session.cpp).
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
void Session::Impl::handle_noop(std::string_view) { answer(reply::ok); }
}  // namespace pb::smtp::server
