// world_yaml.hpp: a World from YAML: names with lists of records, TIMEOUT and SERVFAIL as values.
// Spec: the schema of the RFC 7208 test suite, `zonedata`.                Tests: world_test.cpp
// Not here: RFC 1035 zone files (world_zone.hpp).
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "dns/world.hpp"

namespace YAML {
class Node;
}

namespace pb::dns {
/// A record of type SPF is also a TXT record unless its name has TXT records of its own (the rule
/// of those suites; "TXT: NONE" stands for none).
std::expected<World, std::string> world_from_zonedata(YAML::Node const& zonedata);
/// The text of a file: `zonedata` at its top, or the map of names itself.
std::expected<World, std::string> world_from_yaml(std::string_view text);
}  // namespace pb::dns
