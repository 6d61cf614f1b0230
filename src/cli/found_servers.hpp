// found_servers.hpp: the mail servers that programs on this computer are set up with.
// Spec: docs/reference/command-line.md ("probe"): msmtprc, Postfix relayhost, wp-config.php,
// .env. Tests: found_servers_test.cpp          Not here: judging the files (advisor/lint).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pb::cli {
struct FoundServer {
  std::string file;
  std::string host;
  std::uint16_t port = 0;  // 0: the file names none
};
/// From the text of a file, whose kind its name tells. Never a user name or a password.
std::vector<FoundServer> servers_in(std::string const& file, std::string_view text);
/// The usual files of this person, of the system, and of the current folder; each host once.
std::vector<FoundServer> find_servers();
}  // namespace pb::cli
