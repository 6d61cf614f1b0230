// places.hpp: where things are when nobody says.
// Spec: XDG Base Directory Specification 0.8 (state), FHS 3.0.        Not here: reading them.
#pragma once

#include <string>
#include <string_view>

namespace pb::app {
inline constexpr std::string_view default_config_file = "/etc/packetboat/packetboat.toml";
/// $XDG_STATE_HOME/packetboat/sandbox, or below ~/.local/state.
std::string default_sandbox_dir();
}  // namespace pb::app
