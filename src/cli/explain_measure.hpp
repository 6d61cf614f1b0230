// explain_measure.hpp: `explain --host`: one port measured, so that one cause is left.
// Spec: docs/reference/command-line.md ("explain").
// Not here: which cause that is (advisor/settle).
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "advisor/settle.hpp"

namespace CLI {
class App;
}

namespace pb::cli {
struct Measurement {
  std::string host;  // HOST, HOST:PORT or [ADDRESS]:PORT
  std::uint16_t port = 0;
  std::string ca_file;
};
void add_measurement(CLI::App& command, Measurement& measurement);
/// Host, and port or 0; nullopt: neither a host name nor an address.
std::optional<std::pair<std::string, std::uint16_t>> read_host(Measurement const& measurement);

struct Measured {
  std::string host;
  std::uint16_t port = 0;
  advisor::Settled settled;
};
/// Connects to one port of the host, and only where that decides, to the same port elsewhere; ends
/// within 15 seconds. read_host() must have succeeded.
Measured measure(advisor::Explanation const& explanation, Measurement const& measurement);
}  // namespace pb::cli
