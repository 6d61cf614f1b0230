// edit_distance.hpp: are two words at most two typing slips apart?
// Spec: optimal string alignment (insert, delete, replace, swap neighbours).
// Tests: edit_distance_test.cpp                            Not here: which words to compare.
#pragma once

#include <cstddef>
#include <string_view>

namespace pb::accounts {
inline constexpr std::size_t edit_distance_octets_max = 64;
inline constexpr std::size_t far_apart = 3;
/// 0, 1 or 2; far_apart (3) for anything more, and for words over 64 octets that differ.
std::size_t edit_distance(std::string_view a, std::string_view b);
}  // namespace pb::accounts
