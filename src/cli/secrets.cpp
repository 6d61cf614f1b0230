// secrets.cpp: see secrets.hpp.
// Spec: POSIX popen(3), sh -c.                          Tests: tests/end_to_end/send_test.py
#include "cli/secrets.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ostream>

#include "cli/password_prompt.hpp"

namespace pb::cli {
namespace {
constexpr std::size_t secret_octets_max = 16 * 1024;  // tokens are long
}  // namespace

std::expected<std::string, std::string> first_line_of(std::string const& command) {
  FILE* const pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) return std::unexpected{"the command cannot be run"};
  std::string line;
  bool ended = false;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    ended = ended || c == '\n';
    if (!ended && line.size() < secret_octets_max) line += static_cast<char>(c);
  }
  int const status = ::pclose(pipe);
  if (line.ends_with('\r')) line.pop_back();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return std::unexpected{"the command that gives the password failed"};
  if (line.empty()) return std::unexpected{"the command that gives the password printed nothing"};
  return line;
}

std::expected<Secret, std::string> read_secret(SecretSources const& sources, Terminal& terminal) {
  if (!sources.token_command.empty()) {
    auto token = first_line_of(sources.token_command);
    if (!token) return std::unexpected{token.error()};
    return Secret{.password = {}, .access_token = std::move(*token)};
  }
  if (!sources.command.empty()) {
    auto password = first_line_of(sources.command);
    if (!password) return std::unexpected{password.error()};
    return Secret{.password = std::move(*password), .access_token = {}};
  }
  if (char const* given = std::getenv("PACKETBOAT_PASSWORD"); given != nullptr && *given != '\0')
    return Secret{.password = given, .access_token = {}};
  auto asked = ask_secret("Password for " + sources.user + ": ", terminal);
  if (!asked) return std::unexpected{asked.error()};
  return Secret{.password = std::move(*asked), .access_token = {}};
}
}  // namespace pb::cli
