// delivery_settings.hpp: a configuration turned into what delivery and the resolver are told.
// Spec: docs/reference/configuration.md ([[route]], [[domain]], [dns], [delivery]).
// Tests: tests/end_to_end/two_hops_test.py       Not here: what the settings do (delivery/,
// runtime/).
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "app/config_files.hpp"
#include "runtime/delivery_attempt.hpp"
#include "runtime/resolver.hpp"

namespace pb::app {
/// The error names the key and what to write.
std::expected<std::shared_ptr<runtime::DeliverySettings const>, std::string> delivery_settings(
    LoadedConfig const& loaded, std::vector<IpAddress> own_addresses);
std::expected<runtime::ResolverSettings, std::string> resolver_settings(Config const& config);
/// deliver = of a domain, or the Maildir below data_dir that is meant without it.
std::string deliver_of(Config const& config, DomainConfig const& domain);
/// Addresses of this machine's interfaces.
std::vector<IpAddress> own_addresses();
}  // namespace pb::app
