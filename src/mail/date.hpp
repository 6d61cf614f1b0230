// date.hpp: dates of header fields, written and read.                     Tests: date_test.cpp
// Spec: RFC 5322 §3.3 (date-time), §4.3 (obsolete forms are read, never written).
// Not here: RFC 3339 times of parameters (smtp/xtext.cpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace pb::mail {
/// "Sat, 21 Nov 2026 18:25:29 +0000": always UTC.
std::string format_date(Instant instant);
/// The instant that a date-time names; comments, folds and obsolete zones and years are read.
/// nullopt when malformed or when the parts name no day.
std::optional<Instant> parse_date(std::string_view text);
}  // namespace pb::mail
