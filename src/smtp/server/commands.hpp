// commands.hpp: which command is handled where, and when it may come.
// Spec: RFC 5321 §4.1.4; RFC 3207 §4 (what may stand before STARTTLS).    Not here: the handlers.
#pragma once

#include <cstdint>
#include <string_view>

#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
struct CommandRow {
  std::string_view verb;
  void (Session::Impl::*handle)(std::string_view arguments);
  std::uint8_t orders;  // bits of Order
  bool before_tls;      // also where TLS is required and not yet active (else 530 5.7.0)
  bool utf8_arguments;  // may hold UTF-8 (RFC 6531 §3.3, §3.7.4)
  std::string_view spec;
};
/// The row of that verb, without regard to case; nullptr: no such command.
CommandRow const* find_command(std::string_view verb);
/// What a row's command is told where its order does not allow it.
NamedReply const& wrong_order(CommandRow const& row, Order order);
[[nodiscard]] bool allows(CommandRow const& row, Order order);
/// "EHLO HELO ...", for HELP.
std::string_view command_names();
}  // namespace pb::smtp::server
