// scenario.cpp: see scenario.hpp.                            Spec: TOML 1.0, read by toml++.
#include "sim/scenario.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>

#include "sim/seeded.hpp"

namespace pb::sim {
std::vector<ScenarioKey> const& scenario_keys() {
  static std::vector<ScenarioKey> const keys{
      {"letters", &Scenario::letters},
      {"recipients_max", &Scenario::recipients_max},
      {"arrival_minutes", &Scenario::arrival_minutes},
      {"fault_hours", &Scenario::fault_hours},
      {"expire_hours", &Scenario::expire_hours},
      {"leases_max", &Scenario::leases_max},
      {"leases_per_domain_max", &Scenario::leases_per_domain_max},
      {"slots_max", &Scenario::slots_max},
      // From here on: faults, which a seed varies.
      {"split", &Scenario::split},
      {"merge", &Scenario::merge},
      {"slow", &Scenario::slow},
      {"reset", &Scenario::reset},
      {"stall", &Scenario::stall},
      {"peer_faults", &Scenario::peer_faults},
      {"lost_replies", &Scenario::lost_replies},
      {"down", &Scenario::down},
      {"dead_ends", &Scenario::dead_ends},
      {"busy", &Scenario::busy},
      {"tls_faults", &Scenario::tls_faults},
      {"dns_faults", &Scenario::dns_faults},
      {"mx_changes", &Scenario::mx_changes},
      {"crashes", &Scenario::crashes},
      {"sync_failures", &Scenario::sync_failures},
      {"write_failures", &Scenario::write_failures},
      {"drains", &Scenario::drains},
      {"reloads", &Scenario::reloads},
      {"slow_syncs", &Scenario::slow_syncs},
      {"no_space", &Scenario::no_space},
      {"files", &Scenario::files},
      {"clock_jumps", &Scenario::clock_jumps},
      {"poison", &Scenario::poison},
      {"unreadable", &Scenario::unreadable},
      {"strangers", &Scenario::strangers},
      {"hostile", &Scenario::hostile},
      {"orders", &Scenario::orders},
      {"null_paths", &Scenario::null_paths},
      {"notify", &Scenario::notify},
      {"bursts", &Scenario::bursts},
      {"hasty", &Scenario::hasty},
      {"narrow", &Scenario::narrow},
  };
  return keys;
}

Scenario read_scenario(std::string const& folder, std::string const& name) {
  std::string const path = fmt::format("{}/{}.toml", folder, name);
  if (!std::filesystem::exists(path)) {
    throw std::runtime_error{
        fmt::format("no scenario {}; there are: {}", name, fmt::join(scenario_names(folder), " "))};
  }
  Scenario out;
  out.name = name;
  auto const file = toml::parse_file(path);
  for (auto const& [key, value] : file) {
    auto const found = std::ranges::find(scenario_keys(), key.str(), &ScenarioKey::name);
    auto const number = value.value<std::int64_t>();
    if (found == scenario_keys().end() || !number || *number < 0 || *number > 1'000'000) {
      throw std::runtime_error{fmt::format("{}: {} is no key, or no number", path, key.str())};
    }
    out.*(found->value) = static_cast<std::uint32_t>(*number);
  }
  return out;
}

std::vector<std::string> scenario_names(std::string const& folder) {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

Scenario varied(Scenario scenario, std::uint64_t seed) {
  SimRandom dice{seed ^ 0x5ce4a10};
  bool is_fault = false;
  constexpr std::array<std::uint32_t, 6> factors{1, 3, 10, 10, 15, 30};  // of ten
  for (ScenarioKey const& key : scenario_keys()) {
    is_fault = is_fault || key.value == &Scenario::split;
    std::uint32_t& rate = scenario.*(key.value);
    if (!is_fault || rate == 0) continue;
    rate = std::max(1U, rate * factors[dice.below(factors.size())] / 10);
  }
  if (dice.hits(scenario.hasty))
    scenario.expire_hours = 1 + static_cast<std::uint32_t>(dice.below(12));
  if (dice.hits(scenario.narrow)) {
    scenario.leases_max = 4 + static_cast<std::uint32_t>(dice.below(12));
    scenario.leases_per_domain_max = 1 + static_cast<std::uint32_t>(dice.below(3));
  }
  return scenario;
}
}  // namespace pb::sim
