// server_settings.hpp: a configuration turned into what the listening server is told.
// Spec: docs/reference/roles.md, docs/reference/configuration.md.
// Tests: tests/end_to_end/serve_test.py
// Not here: what the settings do (runtime/server_settings.hpp, policy/roles.hpp).
#pragma once

#include <memory>

#include "accounts/directory.hpp"
#include "app/config_files.hpp"
#include "policy/networks.hpp"
#include "runtime/server_settings.hpp"

namespace pb::app {
std::shared_ptr<runtime::ServerSettings const> server_settings(LoadedConfig const& loaded,
                                                               runtime::Services services);
policy::NetworkTable network_table(Config const& config);
/// Accounts and domains as one value. In the sandbox every recipient of every domain is taken.
std::shared_ptr<accounts::Directory const> directory_of(LoadedConfig const& loaded,
                                                        std::vector<accounts::Account> accounts);
std::vector<std::string> our_domains(Config const& config);
}  // namespace pb::app
