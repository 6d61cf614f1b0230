// password_prompt.hpp: gets a password without showing it, or makes one.
// Spec: termios(3) ECHO.                          Not here: what is kept of it (accounts/password).
#pragma once

#include <expected>
#include <string>

#include "cli/terminal.hpp"

namespace pb::cli {
enum class PasswordSource { ask, standard_input, generate };
/// `ask` reads twice from the controlling terminal; `standard_input` takes one line of it. The
/// error is a sentence that says what to do. A generated one has 20 letters and digits (119 bits).
std::expected<std::string, std::string> read_password(PasswordSource source,
                                                      std::string const& account,
                                                      Terminal& terminal);
/// A secret that exists already, asked for once at the terminal without showing it.
std::expected<std::string, std::string> ask_secret(std::string const& question, Terminal& terminal);
}  // namespace pb::cli
