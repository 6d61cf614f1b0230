// other_place_screen.cpp: see other_place_screen.hpp.                    Spec: docs/terms.md.
// Tests: other_place_test.cpp
#include "advisor/other_place_screen.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "advisor/messages.hpp"
#include "advisor/other_place_messages.hpp"
#include "advisor/probe_screen.hpp"
#include "base/encoding.hpp"
#include "text/layout.hpp"

namespace pb::advisor {
using text::Language;
using text::say;
namespace {
constexpr std::size_t width = 80;
constexpr std::size_t name_max = 60;

/// Where nothing was connected to there was no address.
std::string tcp_text(Language language, Tcp tcp) {
  if (tcp == Tcp::unknown) return std::string{other_place_msg("cell.no_name").in(language)};
  return tcp_cell(language, tcp);
}

/// The fault by its name, which is one word in every language: titles are sentences.
std::string view_text(Language language, PortView const& view) {
  std::string const comma{language == Language::en ? ", " : "，"};
  if (view.tcp != Tcp::open) return tcp_text(language, view.tcp);
  if (!view.faults.empty()) return std::string{name(view.faults.front())};
  std::string out = tcp_text(language, view.tcp) + comma + std::string{label(view.security)};
  if (!view.tls.empty()) out += comma + "TLS " + view.tls;
  return out;
}

std::string told_text(Language language, PortContrast const& port, std::string_view server) {
  if (port.there) return view_text(language, *port.there);
  switch (port.told) {
    case ToldPort::Told::denied:
      return say(language, other_place_msg("cell.denied"), server);
    case ToldPort::Told::too_many:
      return std::string{other_place_msg("cell.too_many").in(language)};
    case ToldPort::Told::measured:
    case ToldPort::Told::unread:
      return say(language, other_place_msg("cell.unread"), server);
  }
  return "-";
}

text::Text text_of(Contrast finding) {
  switch (finding) {
    case Contrast::not_compared:
      return other_place_msg("not_compared");
    case Contrast::same_in_order:
      return other_place_msg("same_in_order");
    case Contrast::same_fault:
      return other_place_msg("same_fault");
    case Contrast::both_fail:
      return other_place_msg("both_fail");
    case Contrast::no_name_here:
      return other_place_msg("no_name_here");
    case Contrast::blocked_here:
      return other_place_msg("blocked_here");
    case Contrast::changed_here:
      return other_place_msg("changed_here");
    case Contrast::blocked_there:
      return other_place_msg("blocked_there");
    case Contrast::changed_there:
      return other_place_msg("changed_there");
  }
  return other_place_msg("not_compared");
}

std::string ports_text(Language language, std::vector<std::uint16_t> const& ports) {
  std::string out;
  for (std::uint16_t const port : ports) {
    if (!out.empty()) out += language == Language::en ? ", " : "、";
    out += fmt::format("{}", port);
  }
  return out;
}

/// Of the first port that the finding is about: what is wrong from there.
std::string fault_there(PlaceComparison const& comparison) {
  for (PortContrast const& port : comparison.ports) {
    bool const told = port.contrast == comparison.finding && port.there;
    if (told && !port.there->faults.empty()) return std::string{name(port.there->faults.front())};
  }
  return "-";
}
}  // namespace

std::string other_place_sentence(Language language, PlaceComparison const& comparison,
                                 std::string_view host, std::string_view server) {
  bool const too_many = comparison.finding == Contrast::not_compared &&
                        std::ranges::any_of(comparison.ports, [](PortContrast const& port) {
                          return port.told == ToldPort::Told::too_many;
                        });
  auto const text = too_many ? other_place_msg("too_many") : text_of(comparison.finding);
  return say(language, text, ports_text(language, comparison.because),
             escape_for_display(server, name_max), escape_for_display(host, name_max),
             fault_there(comparison));
}

std::string other_place_screen(Language language, PlaceComparison const& comparison,
                               std::string_view host, std::string_view server) {
  std::string const shown = escape_for_display(server, name_max);
  text::Table table;
  table.row({std::string{msg("col.port").in(language)},
             std::string{other_place_msg("col.here").in(language)},
             say(language, other_place_msg("col.there"), shown)});
  for (PortContrast const& port : comparison.ports) {
    table.row({fmt::format("{}", port.port), port.here ? view_text(language, *port.here) : "-",
               told_text(language, port, shown)});
  }
  return table.render(width) + "\n" +
         text::paragraph("", other_place_sentence(language, comparison, host, server), width);
}
}  // namespace pb::advisor
