// transfer_encoding.hpp: quoted-printable and base64 of MIME, and content made seven-bit.
// Spec: RFC 2045 §6.7, §6.8; RFC 6152 §3 (conversion); RFC 2046 §5.2.1 (message/rfc822 stays).
// Tests: transfer_encoding_test.cpp       Not here: when to convert (delivery), header words
// (2047).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pb::mail {
/// Lines of at most 76 characters. Line ends of `text` (CRLF) stay line ends.
std::string quoted_printable_encode(std::string_view text);
/// Lenient as RFC 2045 §6.7 advises: what is no encoding stays as it is.
std::string quoted_printable_decode(std::string_view text);
/// In lines of 76 characters, each with CRLF.
std::string base64_lines(std::string_view bytes);

/// The whole message with every 8-bit body encoded and its Content-Transfer-Encoding changed.
/// nullopt when that is not possible: 8-bit inside message/rfc822 and other message types, 8-bit
/// header fields, nesting deeper than 20, or a structure that cannot be told.
std::optional<std::string> to_seven_bit(std::string_view message);
}  // namespace pb::mail
