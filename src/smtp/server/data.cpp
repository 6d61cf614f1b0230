// data.cpp: the DATA command: what follows is the message, to CRLF.CRLF.
// Spec: RFC 5321 §4.1.1.4, §3.3.            Tests: dialogues/data_*.smtp.
// Not here: the octets themselves (data_reader.cpp, receive.cpp).
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
void Session::Impl::handle_data(std::string_view arguments) {
  if (!arguments.empty()) return protocol_error(reply::no_arguments);
  begin_message();
  answer(reply::go_on);
  mode_ = Mode::data;
}
}  // namespace pb::smtp::server
