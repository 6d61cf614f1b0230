// line_reader.hpp: one command line off the front of the input, or why there is none.
// Spec: RFC 5321 §2.3.8 (lines end with CRLF), §4.5.3.1.4 (length).    Tests: line_reader_test.cpp
// Not here: what the line says (command.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "smtp/data_reader.hpp"

namespace pb::smtp {
/// need_more: give the same input again with more behind it. line: taken off the input. too_long:
/// no end within the limit; nothing taken: skip_line() goes on. bare_line_end: a CR or LF alone.
/// garbage: control characters that no person and no mail program types.
enum class LineKind : std::uint8_t { need_more, line, too_long, bare_line_end, garbage };
struct LineResult {
  LineKind kind = LineKind::need_more;
  std::string_view text;  // without its line end; borrowed from the input
};
/// `octets_max` counts CRLF. LineRule::normalise lets a bare LF end the line.
LineResult read_line(std::string_view& input, std::size_t octets_max, LineRule rule);

/// Skips the rest of a line that was too long, without keeping it. True: it is over.
bool skip_line(std::string_view& input, LineRule rule);
}  // namespace pb::smtp
