// rset.cpp: the RSET command forgets the transaction and nothing else.
// Spec: RFC 5321 §4.1.1.5.                          Not here: EHLO's reset (ehlo.cpp).
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
void Session::Impl::handle_rset(std::string_view arguments) {
  if (!arguments.empty()) return protocol_error(reply::no_arguments);
  reset_transaction();
  answer(reply::ok);
}
}  // namespace pb::smtp::server
