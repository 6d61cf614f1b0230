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

namespace {
using namespace pb;

/// The views as if they had been measured here.
void measured_here(std::vector<advisor::PortView> const& views, advisor::ProbeFacts& facts,
                   advisor::Verdict& verdict) {
  auto& port = facts.ports.emplace_back();
  auto& judged = verdict.ports.emplace_back();
  port.port = judged.port = 587;
  for (advisor::PortView const& view : views) {
    auto& attempt = port.attempts.emplace_back();
    bool const v4 = view.family == advisor::PortView::Family::ipv4;
    attempt.endpoint.address = *IpAddress::parse(v4 ? "192.0.2.1" : "2001:db8::1");
    attempt.connect.tcp = view.tcp;
    if (!view.tls.empty()) attempt.tls.handshake = advisor::Handshake::ok;
    attempt.tls.version = "TLSv" + view.tls;
    auto& verdict_of = judged.attempts.emplace_back();
    verdict_of.security = view.security;
    verdict_of.faults = view.faults;
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const views = advisor::parse_views({reinterpret_cast<char const*>(data), size});
  if (!views) return 0;
  PB_CHECK(!views->empty() && views->size() <= 2);
  for (auto const& view : *views) PB_CHECK(view.faults.size() <= advisor::faults_told_max);
  std::string const said = advisor::views_text(*views);
  auto const again = advisor::parse_views(said);
  PB_CHECK(again && advisor::views_text(*again) == said);
  advisor::ToldPort const told{
      .port = 587, .told = advisor::ToldPort::Told::measured, .views = *views};
  // The last one stands for what was seen from here.
  advisor::ProbeFacts facts;
  advisor::Verdict verdict;
  measured_here({views->back()}, facts, verdict);
  auto const here = advisor::views_of(facts, verdict, 587);
  PB_CHECK(here.size() == 1 && here.front().faults == views->back().faults);
  PB_CHECK(here.front().tls == views->back().tls);
  PB_CHECK(advisor::views_of(facts, verdict, 25).size() == 1);  // not measured: nowhere
  auto const comparison = advisor::compare_places(facts, verdict, {told});
  PB_CHECK(comparison.ports.size() == 1);
  PB_CHECK(!advisor::name(comparison.ports.front().contrast).empty());
  PB_CHECK(advisor::name(comparison.ports.front().told) == "measured");
  for (auto const language : text::all_languages)
    PB_CHECK(!advisor::other_place_screen(language, comparison, "a.example", "b.example").empty());
  return 0;
}
