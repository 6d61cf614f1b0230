// expansion_settings.hpp: what a configuration says of aliases and rewritten reverse-paths.
// Spec: docs/reference/configuration.md (domain.aliases, delivery.srs_secret).
// Tests: expansion_settings_test.cpp       Not here: following the rules (delivery/expansion).
#pragma once

#include <memory>
#include <vector>

#include "app/config_files.hpp"
#include "delivery/expansion.hpp"
#include "runtime/directory_snapshot.hpp"

namespace pb::app {
/// Asks the snapshot at each message, so that new accounts count at once.
delivery::Expansion expansion_of(LoadedConfig const& loaded,
                                 std::shared_ptr<runtime::DirectorySnapshot const> directory);

/// A secret that is too short (error); aliases to outside without one (a warning each domain).
std::vector<Problem> check_expansion(LoadedConfig const& loaded);
}  // namespace pb::app
