// utf8.hpp: UTF-8 validity and the columns that text takes on a terminal.
// Spec: RFC 3629; Unicode UAX #11 (East Asian Width).                  Not here: IDNA
// (mail/domain).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pb::utf8 {
/// Takes one code point off the front; nullopt (and nothing taken) when `text` does not begin with
/// a valid one (RFC 3629 §3: no surrogates, no overlong forms).
std::optional<char32_t> take(std::string_view& text);
bool valid(std::string_view text);
bool is_ascii(std::string_view text);
void append(std::string& out, char32_t code_point);
/// Columns on a terminal: wide and full-width characters count two, combining marks none.
std::size_t columns(std::string_view text);
/// `text` and spaces until it is `width` columns wide; longer text is left whole.
std::string pad(std::string_view text, std::size_t width);
}  // namespace pb::utf8
