// help.cpp: the HELP command names the commands.
// Spec: RFC 5321 §4.1.1.8.                          Not here: the table (commands.cpp).
#include <fmt/core.h>

#include "smtp/server/commands.hpp"
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
void Session::Impl::handle_help(std::string_view) {
  answer(reply::help.with(fmt::format("Commands: {}\n{}", command_names(), reply::help.text)));
}
}  // namespace pb::smtp::server
