// user_files.hpp: the files of one person: accounts, and what worked on which network.
// Spec: XDG Base Directory Specification 0.8.         Not here: the server's files (app/places).
#pragma once

#include <boost/json/value.hpp>
#include <expected>
#include <string>

namespace pb::cli {
/// $XDG_CONFIG_HOME/packetboat or ~/.config/packetboat; empty: there is no home.
std::string config_folder();
/// $XDG_STATE_HOME/packetboat or ~/.local/state/packetboat; empty: there is no home.
std::string state_folder();

/// The file's JSON; null where there is none. The error is for people.
std::expected<boost::json::value, std::string> read_json_file(std::string const& path);
/// Makes the folders (0700) and puts the file (0600) in place at once, never half of it.
std::expected<void, std::string> write_private_file(std::string const& path, std::string_view text);
}  // namespace pb::cli
