// command.hpp: one command line -> verb and arguments -> a value per command. Tests:
// command_test.cpp, fuzz/command.cpp. Spec: RFC 5321 §4.1; parameters RFC 1870, 6152, 6531, 3461,
// 4954, 3030, 4865, 2852, 6710, XCLIENT (Postfix).  Not here: order and what is offered (server/).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ip.hpp"
#include "mail/envelope.hpp"

namespace pb::smtp {
/// A line without its CRLF: the verb as sent and what stands behind the blanks that follow it.
struct CommandLine {
  std::string_view verb;
  std::string_view arguments;
};
CommandLine split_command(std::string_view line);

/// Why a command's arguments are refused; server/ turns each into one reply.
enum class SyntaxError : std::uint8_t {
  syntax,
  bad_path,
  path_not_ascii,  // SMTPUTF8 was not asked for (RFC 6531 §3.5: 553 5.6.7)
  unknown_parameter,
  repeated_parameter,
  bad_parameter,
};

/// DELIVERBY= (RFC 2852 §4): by-time in seconds from now; may be negative for notify.
struct DeliverBy {
  std::int64_t seconds = 0;
  bool return_mail = false;  // by-mode R
  bool trace = false;        // by-trace T
};

/// Which parameters a MAIL command gave. Times stay relative: nobody here knows the time.
struct MailCommand {
  mail::ReversePath path;
  std::optional<std::uint64_t> size;
  std::optional<mail::BodyType> body;
  bool smtputf8 = false;
  std::optional<mail::DsnReturn> dsn_return;
  std::optional<std::string> envelope_id;
  std::optional<std::string> auth;  // decoded; "" is <>
  std::optional<std::uint64_t> hold_for_seconds;
  std::optional<Instant> hold_until;
  std::optional<DeliverBy> deliver_by;
  std::optional<std::int8_t> priority;
  bool has_parameters = false;
};
/// "FROM:" Reverse-path [SP Mail-parameters] (RFC 5321 §4.1.1.2); blanks behind the colon are read
/// over, since many senders put one there.
std::expected<MailCommand, SyntaxError> parse_mail(std::string_view arguments);

struct RcptCommand {
  mail::ForwardPath path;
  bool has_dsn = false;
  bool has_parameters = false;
};
/// "TO:" Forward-path [SP Rcpt-parameters] (RFC 5321 §4.1.1.3).
std::expected<RcptCommand, SyntaxError> parse_rcpt(std::string_view arguments, mail::Utf8 utf8);

struct BdatCommand {
  std::uint64_t octets = 0;
  bool last = false;
};
/// chunk-size [SP "LAST"] (RFC 3030 §2).
std::expected<BdatCommand, SyntaxError> parse_bdat(std::string_view arguments);

struct AuthCommand {
  std::string_view mechanism;
  std::optional<std::string> initial_response;  // base64 as sent; "=" stands for an empty one
};
/// mechanism [SP initial-response] (RFC 4954 §4).
std::expected<AuthCommand, SyntaxError> parse_auth(std::string_view arguments);

/// What XPROBE asks to be measured. `address` is set where the host is an address literal.
struct ProbeCommand {
  std::string host;  // lower case; without the brackets of a literal
  std::optional<IpAddress> address;
  std::uint16_t port = 0;
};
/// ( Domain / address-literal ) ":" port, and nothing else. The domain has two labels at least, in
/// ASCII; its last one is not all digits, so that no name can be taken for an address.
std::expected<ProbeCommand, SyntaxError> parse_probe(std::string_view arguments);

/// xtext = *( xchar / hexchar ); hexchar = "+" 2HEXDIG, upper case (RFC 3461 §4).
std::optional<std::string> decode_xtext(std::string_view text);
std::string encode_xtext(std::string_view text);
/// The year-first form that HOLDUNTIL takes: "2009-04-15T01:02:03Z" (RFC 3339).
std::optional<Instant> parse_internet_time(std::string_view text);
}  // namespace pb::smtp
