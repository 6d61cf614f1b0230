// units.hpp: durations and sizes as a configuration file writes them.      Tests: units_test.cpp
// Spec: docs/reference/configuration.md "Units".                Not here: limits (limits.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace pb::app {
/// "50ms", "5s", "5m", "1h", "5d", "2w": a whole number and a unit, at most ten years. nullopt: not
/// that.
std::optional<Duration> parse_duration(std::string_view text);
/// The largest unit that leaves no rest: 90 s is "90s", 3600 s is "1h".
std::string duration_text(Duration value);

/// "1024", "64 KiB", "50 MiB", "1 GiB", "2 TiB"; KB and MB are powers of 1,000.
std::optional<std::uint64_t> parse_octets(std::string_view text);
std::string octets_text(std::uint64_t value);
}  // namespace pb::app
