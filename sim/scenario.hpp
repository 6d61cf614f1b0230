// scenario.hpp: how bad the world is: rates of every fault, read from scenarios/*.toml.
// Spec: sim/README.md lists the keys.                       Not here: what the faults do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace pb::sim {
/// Rates are of a thousand; counts are in a run.
struct Scenario {
  std::string name = "calm";
  std::uint32_t letters = 100;
  std::uint32_t recipients_max = 4;
  std::uint32_t arrival_minutes = 360;
  std::uint32_t fault_hours = 12;
  std::uint32_t expire_hours = 120;
  // The network between the server and everybody.
  std::uint32_t split = 0, merge = 0, slow = 0, reset = 0, stall = 0;
  // Next hops, of their connections; `down` of the hosts, `dead_ends` of recipients.
  std::uint32_t peer_faults = 0, lost_replies = 0, down = 0, dead_ends = 0, busy = 0;
  std::uint32_t tls_faults = 0;
  // The DNS.
  std::uint32_t dns_faults = 0, mx_changes = 0;
  // The store and the process.
  std::uint32_t crashes = 0, sync_failures = 0, write_failures = 0, drains = 0, reloads = 0;
  std::uint32_t slow_syncs = 0, no_space = 0, files = 0;
  std::uint32_t clock_jumps = 0;
  std::uint32_t poison = 0;      // of messages: the process dies while it sends one
  std::uint32_t unreadable = 0;  // of leases: the store cannot read the message
  // People.
  std::uint32_t strangers = 0, hostile = 0, orders = 0, null_paths = 0, notify = 0;
  std::uint32_t bursts = 0;  // a dozen letters to one domain at once
  // Of seeds: mail that expires within hours; a server with few leases.
  std::uint32_t hasty = 0, narrow = 0;
  // Limits of the queue and of sites.
  std::uint32_t leases_max = 2000, leases_per_domain_max = 500, slots_max = 20;
};

/// Every key with its place; a file that holds another one is refused.
struct ScenarioKey {
  std::string_view name;
  std::uint32_t Scenario::* value;
};
std::vector<ScenarioKey> const& scenario_keys();

/// Throws std::runtime_error with a sentence.
Scenario read_scenario(std::string const& folder, std::string const& name);
std::vector<std::string> scenario_names(std::string const& folder);
/// As the seed's dice will have it: each rate from none to three times what the file says.
Scenario varied(Scenario scenario, std::uint64_t seed);
}  // namespace pb::sim
