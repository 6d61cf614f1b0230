// secrets.hpp: where passwords and tokens come from: a command, the environment, the terminal.
// Spec: docs/reference/command-line.md ("Passwords").
// Not here: what is kept of them (nothing), new passwords (password_prompt).
#pragma once

#include <expected>
#include <string>

#include "cli/terminal.hpp"

namespace pb::cli {
/// The first line that a shell command prints. The error says what went wrong, without its output.
std::expected<std::string, std::string> first_line_of(std::string const& command);

struct SecretSources {
  std::string user;
  std::string command;        // --password-command, or the account's
  std::string token_command;  // an OAuth access token instead of a password
};
struct Secret {
  std::string password, access_token;
};
/// The first of: token command, password command, PACKETBOAT_PASSWORD, the terminal.
std::expected<Secret, std::string> read_secret(SecretSources const& sources, Terminal& terminal);
}  // namespace pb::cli
