// edit_distance.cpp: see edit_distance.hpp. Three rows of the usual table, on the stack.
// Spec: optimal string alignment.                                     Tests: edit_distance_test.cpp
#include "accounts/edit_distance.hpp"

#include <algorithm>
#include <array>

namespace pb::accounts {
std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  std::size_t const longer = std::max(a.size(), b.size());
  if (longer > edit_distance_octets_max) return far_apart;
  if (longer - std::min(a.size(), b.size()) >= far_apart) return far_apart;
  using Row = std::array<std::size_t, edit_distance_octets_max + 1>;
  Row before{};
  Row last{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    std::size_t least = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      bool const swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    if (least >= far_apart) return far_apart;  // rows never get smaller again
    before = last;
    last = row;
  }
  return std::min(last[b.size()], far_apart);
}
}  // namespace pb::accounts
