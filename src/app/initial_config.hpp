// initial_config.hpp: writes the first configuration of a new server, with its reasons as comments.
// Spec: docs/reference/configuration.md.                       Tests: initial_config_test.cpp
// Not here: asking (cli/init).
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace pb::app {
struct InitialConfig {
  std::string hostname;              // "mail.example.com"
  std::vector<std::string> domains;  // empty: the hostname's own domain
  std::string data_dir = "/var/lib/packetboat";
  std::string user = "packetboat";  // empty: no line
  std::string certificate;          // files; empty: commented lines that say what to put there
  std::string key;
  std::string deliver;    // of the domains; empty: Maildirs below data_dir
  std::string smarthost;  // URL; empty: straight to the MX
  std::string smarthost_user;
  std::string smarthost_password_file;
};
std::string initial_config(InitialConfig const& wanted);
/// "mail.example.com" -> "example.com"; a name of two labels is its own domain.
std::string domain_of(std::string const& hostname);
/// Refuses to replace a file. Mode 0640.
std::expected<void, std::string> write_new_file(std::string const& path,
                                                std::string const& content);
}  // namespace pb::app
