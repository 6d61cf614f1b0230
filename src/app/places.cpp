// places.cpp: where things are when nobody says.
// Spec: XDG Base Directory Specification 0.8 (state), FHS 3.0.        Not here: reading them.
#include "app/places.hpp"

#include <unistd.h>

#include <cstdlib>

namespace pb::app {
std::string default_sandbox_dir() {
  char const* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::string{state} + "/packetboat/sandbox";
  char const* home = std::getenv("HOME");
  if (home != nullptr && *home == '/')
    return std::string{home} + "/.local/state/packetboat/sandbox";
  return "/tmp/packetboat-sandbox-" + std::to_string(::geteuid());
}
}  // namespace pb::app
