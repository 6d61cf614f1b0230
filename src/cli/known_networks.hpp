// known_networks.hpp: which way worked from which network, for the next time.
// Spec: docs/reference/command-line.md ("send").         Not here: trying (runtime/submitter).
#pragma once

#include <optional>
#include <string>

#include "advisor/submission_plan.hpp"

namespace pb::cli {
/// A name for the network that this computer is on: of its default gateway, hashed, so that the
/// file tells nobody where a person has been. "none" without a gateway.
std::string network_name();
std::optional<advisor::Way> remembered_way(std::string const& network, std::string const& host);
/// Keeps the newest 200. Not being able to write is no failure: then nothing is remembered.
void remember_way(std::string const& network, std::string const& host, advisor::Way const& way,
                  std::int64_t now);
}  // namespace pb::cli
