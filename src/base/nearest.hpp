// nearest.hpp: the name that a person probably meant.                     Tests: nearest_test.cpp
// Spec: optimal string alignment distance (a swap of neighbours counts one).
// Not here: near addresses of a mailbox (accounts/).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace pb {
/// Edits (insert, delete, replace, swap of neighbours) from `a` to `b`, without regard to ASCII
/// case. Cost: |a| * |b|; both are cut at 64 octets.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `name`, when it is near enough to be a slip: at most a third of its
/// length. The first of equals. Views into `candidates`.
std::optional<std::string_view> nearest(std::string_view name,
                                        std::span<std::string_view const> candidates);
}  // namespace pb
