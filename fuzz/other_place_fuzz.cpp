// other_place_fuzz.cpp: what a server that we asked by XPROBE says of a port.
// Spec: advisor/other_place.hpp, docs/reference/xprobe.md.
// Covers: src/advisor/other_place.cpp
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "advisor/other_place.hpp"
#include "advisor/other_place_screen.hpp"
#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  auto const views = advisor::parse_views({reinterpret_cast<char const*>(data), size});
  if (!views) return 0;
  PB_CHECK(!views->empty() && views->size() <= 2);
  for (auto const& view : *views) PB_CHECK(view.faults.size() <= advisor::faults_told_max);
  std::string const said = advisor::views_text(*views);
  auto const again = advisor::parse_views(said);
  PB_CHECK(again && advisor::views_text(*again) == said);
  advisor::ToldPort const told{
      .port = 587, .told = advisor::ToldPort::Told::measured, .views = *views};
  auto const comparison = advisor::compare_places({}, {}, {told});
  PB_CHECK(comparison.ports.size() == 1);
  for (auto const language : text::all_languages)
    PB_CHECK(!advisor::other_place_screen(language, comparison, "a.example", "b.example").empty());
  return 0;
}
