// nearest.cpp: the name that a person probably meant.                     Tests: nearest_test.cpp
// Spec: optimal string alignment distance (a swap of neighbours counts one).
// Not here: near addresses of a mailbox (accounts/).
#include "base/nearest.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace pb {
namespace {
constexpr std::size_t octets_max = 64;
using Row = std::array<std::size_t, octets_max + 1>;
}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, octets_max);
  b = b.substr(0, octets_max);
  Row before{};
  Row previous{};
  Row current{};
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      bool const same = ascii::lower(a[i - 1]) == ascii::lower(b[j - 1]);
      current[j] =
          std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      bool const swapped = i > 1 && j > 1 && ascii::lower(a[i - 1]) == ascii::lower(b[j - 2]) &&
                           ascii::lower(a[i - 2]) == ascii::lower(b[j - 1]);
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    before = previous;
    previous = current;
  }
  return previous[b.size()];
}

std::optional<std::string_view> nearest(std::string_view name,
                                        std::span<std::string_view const> candidates) {
  std::optional<std::string_view> best;
  std::size_t best_distance = 0;
  for (std::string_view const candidate : candidates) {
    std::size_t const distance = edit_distance(name, candidate);
    std::size_t const allowed =
        std::max<std::size_t>(1, std::max(name.size(), candidate.size()) / 3);
    if (distance > allowed || (best && distance >= best_distance)) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}
}  // namespace pb
