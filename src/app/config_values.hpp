// config_values.hpp: reads one value into one member, and says in words what it should have been.
// Spec: docs/reference/configuration.md.                     Tests: config_test.cpp
// Not here: which key goes where (config_keys.cpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_document.hpp"

namespace pb::app {
using ValueError = std::optional<std::string>;  // nullopt: stored

ValueError take(Entry const& entry, std::string& out);
ValueError take(Entry const& entry, bool& out);
ValueError take(Entry const& entry, Duration& out);
ValueError take(Entry const& entry, Endpoint& out);
ValueError take(Entry const& entry, std::vector<Network>& out);
ValueError take(Entry const& entry, std::vector<std::string>& out);  // also one text
ValueError take(Entry const& entry, std::vector<Duration>& out);

struct NumberRange {
  std::uint64_t lowest;
  std::uint64_t highest;
};
ValueError take_number(Entry const& entry, std::uint64_t& out, NumberRange range);
ValueError take_port(Entry const& entry, std::uint16_t& out);
/// `words`: those allowed, parted by blanks.
ValueError take_one_of(Entry const& entry, std::string& out, std::string_view words);
ValueError take_role(Entry const& entry, ListenerConfig& out);
ValueError take_security(Entry const& entry, smtp::server::Security& out);
ValueError take_log_format(Entry const& entry, LogFormat& out);
ValueError take_log_level(Entry const& entry, LogLevel& out);
ValueError take_limit(Entry const& entry, LimitRow const& row, Limits& out);

/// [tls] itself stands first among the certificates, [[tls.sni]] i behind it.
CertificateFiles& default_pair(Config& config);
CertificateFiles& sni_pair(Config& config, std::size_t item);
}  // namespace pb::app
