// other_place_screen.hpp: what `probe --compare` shows below a probe: two columns and a sentence.
// Spec: docs/reference/xprobe.md.                                     Tests: other_place_test.cpp
// Not here: deciding (other_place.hpp), JSON (cli/probe_compare).
#pragma once

#include <string>
#include <string_view>

#include "advisor/other_place.hpp"
#include "text/language.hpp"

namespace pb::advisor {
/// `host` was measured, from here and from `server`; both are shown escaped and cut.
std::string other_place_screen(text::Language language, PlaceComparison const& comparison,
                               std::string_view host, std::string_view server);
/// The sentence alone.
std::string other_place_sentence(text::Language language, PlaceComparison const& comparison,
                                 std::string_view host, std::string_view server);
}  // namespace pb::advisor
