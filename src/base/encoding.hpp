// encoding.hpp: base64, hex, and escaping of hostile text for logs and terminals.
// Spec: RFC 4648 §4, §8.                                       Not here: quoted-printable (mail/).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pb {
std::string base64_encode(std::string_view bytes);
/// Strict: padding required, no other characters (RFC 4648 §3.3). nullopt when malformed.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);
std::optional<std::string> hex_decode(std::string_view text);
/// Peer text made safe for a log or a terminal: controls, DEL, invalid UTF-8 and bidi controls
/// become \xNN; cut after `octets_max` with "...".
std::string escape_for_display(std::string_view text, std::size_t octets_max = 256);
}  // namespace pb
