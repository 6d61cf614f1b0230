// world_zone.hpp: a World from a zone file.                                Tests: world_test.cpp
// Spec: RFC 1035 §5.1: $ORIGIN and $TTL, comments, parentheses, quoted strings; the types that
// mail asks for, others are skipped.                 Not here: YAML worlds (world_yaml.hpp).
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "dns/world.hpp"

namespace pb::dns {
/// The problem names the line. `origin` completes relative names until $ORIGIN does.
std::expected<World, std::string> world_from_zone(std::string_view text,
                                                  std::string_view origin = "");
/// A zone file, or YAML in the suites' form when the text begins like it ("name:" or "zonedata:").
std::expected<World, std::string> world_from_text(std::string_view text);
}  // namespace pb::dns
