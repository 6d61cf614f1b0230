// server_reply.hpp: what a mail server's refusal of one message means: "550 5.1.1 user unknown".
// Spec: RFC 5321 §4.2 (codes), RFC 3463 and its registry (5.1.1).  Tests: server_reply_test.cpp.
// Not here: faults of the connection, the encryption and the login (explain.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "smtp/reply.hpp"
#include "text/language.hpp"

namespace pb::advisor {
struct ServerReply {
  std::uint16_t code = 0;       // 0: only the status stands there ("Status: 5.1.1", "dsn=5.1.1")
  smtp::EnhancedStatus status;  // all zero: only the code stands there
  std::size_t line = 1;         // where, from 1
  [[nodiscard]] bool temporary() const { return (code != 0 ? code / 100 : status.klass) == 4; }
};
/// The first refusal (4xx, 5xx) in the first MiB (explain_octets_max); a code that HTTP has too
/// counts only with a status behind it.
std::optional<ServerReply> find_server_reply(std::string_view text);
/// What it means and what to do, wrapped for a terminal.
std::string server_reply_screen(text::Language language, ServerReply const& reply);
}  // namespace pb::advisor
