// reading.hpp: a captured message as a person reads it: text and a list of attachments.
// Spec: RFC 2045 (encodings), RFC 2046 §5.1 (multipart).         Tests: inbox_test.cpp
// Not here: HTML rendering, character sets but UTF-8 and ISO-8859-1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pb::inbox {
struct Part {
  std::string type;          // "text/html", lower case
  std::string filename;      // decoded; empty: none
  std::uint64_t octets = 0;  // decoded
};
/// At most 200 parts, 10 deep; what lies behind is left out.
struct Reading {
  std::string text;  // of the first text/plain part, else of the first text part; LF line ends
  std::string html;  // of the first text/html part
  std::vector<Part> parts;
};
Reading read_message(std::string_view message);

/// The header section without the empty line that ends it, as far as HeaderSection takes it.
std::string_view header_of(std::string_view message);
std::string_view body_of(std::string_view message);

enum class QuotedPrintable { in_body, in_header };  // in a header "_" is a space
/// Lenient: what is malformed stays as it is.
std::string decode_quoted_printable(std::string_view text, QuotedPrintable where);
/// nullopt: a character set that we do not know, or bytes that are not in it.
std::optional<std::string> to_utf8(std::string_view bytes, std::string_view charset);
}  // namespace pb::inbox
