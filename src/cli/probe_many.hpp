// probe_many.hpp: `probe --targets FILE`: many hosts at once, one line each.
// Spec: docs/reference/command-line.md.  Not here: one host (probe.cpp, runtime/prober).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"
#include "runtime/prober.hpp"

namespace pb::cli {
inline constexpr std::size_t probe_targets_max = 10'000;
/// `list`: a target a line; empty lines and those that begin with # are read over. The exit code is
/// that of the worst host.
Exit probe_many(
    std::string_view list,
    std::function<std::optional<runtime::ProbeSettings>(std::string const&)> const& settings_for,
    bool json, Terminal& terminal);
}  // namespace pb::cli
