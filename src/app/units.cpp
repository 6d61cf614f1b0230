// units.cpp: durations and sizes as a configuration file writes them.      Tests: units_test.cpp
// Spec: docs/reference/configuration.md "Units".                Not here: limits (limits.hpp).
#include "app/units.hpp"

#include <array>
#include <charconv>
#include <limits>

#include "base/ascii.hpp"

namespace pb::app {
namespace {
struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
// Largest first: the text form takes the first that leaves no rest.
constexpr std::array<Unit, 6> durations{{{"w", 604'800'000},
                                         {"d", 86'400'000},
                                         {"h", 3'600'000},
                                         {"m", 60'000},
                                         {"s", 1000},
                                         {"ms", 1}}};
constexpr std::array<Unit, 8> sizes{{{"TiB", 1ULL << 40},
                                     {"GiB", 1ULL << 30},
                                     {"MiB", 1ULL << 20},
                                     {"KiB", 1ULL << 10},
                                     {"GB", 1'000'000'000},
                                     {"MB", 1'000'000},
                                     {"KB", 1000},
                                     {"B", 1}}};
constexpr std::uint64_t ten_years_ms = 10ULL * 366 * 86'400'000;

struct Quantity {
  std::uint64_t number;
  std::string_view unit;
};

std::optional<Quantity> split(std::string_view text) {
  std::uint64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return Quantity{number, ascii::trim(text.substr(static_cast<std::size_t>(end - text.data())))};
}

template <std::size_t N>
std::optional<std::uint64_t> scaled(Quantity const& quantity, std::array<Unit, N> const& units) {
  for (Unit const& unit : units) {
    if (!ascii::iequals(unit.name, quantity.unit)) continue;
    if (quantity.number > std::numeric_limits<std::uint64_t>::max() / unit.factor) return {};
    return quantity.number * unit.factor;
  }
  return std::nullopt;
}
}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  auto const quantity = split(ascii::trim(text));
  if (!quantity) return std::nullopt;
  auto const value = scaled(*quantity, durations);
  if (!value || *value > ten_years_ms) return std::nullopt;
  return Duration{static_cast<Duration::rep>(*value)};
}

std::string duration_text(Duration value) {
  auto const ms = static_cast<std::uint64_t>(value.count());
  if (ms == 0) return "0s";
  for (Unit const& unit : durations)
    if (unit.name != "w" && ms % unit.factor == 0)
      return std::to_string(ms / unit.factor).append(unit.name);
  return std::to_string(ms) + "ms";
}

std::optional<std::uint64_t> parse_octets(std::string_view text) {
  auto const quantity = split(ascii::trim(text));
  if (!quantity) return std::nullopt;
  if (quantity->unit.empty()) return quantity->number;
  return scaled(*quantity, sizes);
}

std::string octets_text(std::uint64_t value) {
  for (std::size_t i = 0; i < 4; ++i)
    if (value != 0 && value % sizes[i].factor == 0)
      return std::to_string(value / sizes[i].factor).append(" ").append(sizes[i].name);
  return std::to_string(value);
}
}  // namespace pb::app
