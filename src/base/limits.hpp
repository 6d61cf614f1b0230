// limits.hpp: every limit and timeout that a peer can meet: name, unit, source.
// Spec: RFC 5321 §4.5.3.                  Not here: what an operator may change (app/config,
// [limits]).
#pragma once

#include <chrono>
#include <cstddef>

namespace pb::limits {
using std::chrono::minutes;
using std::chrono::seconds;

// RFC 5321 §4.5.3.1: sizes, in octets, CRLF included.
inline constexpr std::size_t local_part_octets = 64;     // §4.5.3.1.1
inline constexpr std::size_t domain_octets = 255;        // §4.5.3.1.2
inline constexpr std::size_t path_octets = 256;          // §4.5.3.1.3
inline constexpr std::size_t command_line_octets = 512;  // §4.5.3.1.4, the minimum we must take
inline constexpr std::size_t reply_line_octets = 512;    // §4.5.3.1.5
inline constexpr std::size_t text_line_octets = 1000;    // §4.5.3.1.6
inline constexpr std::size_t recipients_min = 100;       // §4.5.3.1.8: we must take at least these
/// What we take: parameters of extensions add to 512 (RFC 1870 §3, RFC 3461 §5.2: 500, RFC 4954 §4:
/// 12288 for AUTH). One buffer bound for all commands.
inline constexpr std::size_t command_line_octets_max = 2048;
inline constexpr std::size_t auth_line_octets_max = 12288;  // RFC 4954 §4
/// VERP, SRS and BATV spell local parts longer than 64 octets; §4.5.3.1 asks receivers to take more
/// than the minimum where they can.
inline constexpr std::size_t local_part_octets_max = 128;
inline constexpr std::size_t path_octets_max = 512;
/// A command line over its limit is skipped; one that is still not over after this many octets is
/// no SMTP.
inline constexpr std::size_t skipped_line_octets_max = 64 * 1024;
/// A text line longer than this is refused (RFC 5322 §2.1.1 says 998 + CRLF; the world sends more).
inline constexpr std::size_t body_line_octets_max = 1 << 20;

// The header section is held in memory to its empty line (ARCHITECTURE, StoredMessage).
inline constexpr std::size_t header_section_octets_max = 256 * 1024;
inline constexpr std::size_t header_fields_max = 1000;
inline constexpr std::size_t received_fields_max = 100;  // RFC 5321 §6.3
/// A refused message is read to its end; one that goes on for so long is cut off.
inline constexpr std::size_t discarded_octets_max = std::size_t{1} << 30;

// How long mail may be held or may take (RFC 4865 §4, RFC 2852 §4).
inline constexpr auto hold_max = std::chrono::days{30};
inline constexpr auto deliver_by_min = seconds{60};  // by-mode R; the least that EHLO advertises

// RFC 5321 §4.5.3.2: waits.
inline constexpr auto greeting_wait = minutes{5};           // §4.5.3.2.1
inline constexpr auto mail_wait = minutes{5};               // §4.5.3.2.2
inline constexpr auto rcpt_wait = minutes{5};               // §4.5.3.2.3
inline constexpr auto data_initiation_wait = minutes{2};    // §4.5.3.2.4
inline constexpr auto data_block_wait = minutes{3};         // §4.5.3.2.5
inline constexpr auto data_termination_wait = minutes{10};  // §4.5.3.2.6
inline constexpr auto command_wait = minutes{5};            // §4.5.3.2.7
inline constexpr auto tls_handshake_wait = seconds{60};

static_assert(command_line_octets_max >= command_line_octets);
static_assert(auth_line_octets_max > command_line_octets_max);
static_assert(header_section_octets_max <= body_line_octets_max);
}  // namespace pb::limits
