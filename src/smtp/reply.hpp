// reply.hpp: every reply that the server can send: code, enhanced status, text. Nowhere else a
// digit. Spec: RFC 5321 §4.2, RFC 3463, RFC 2034; AUTH codes RFC 4954 §6.   Tests: reply_test.cpp
// Not here: replies of other servers (client/reply_parser.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pb::smtp {
/// RFC 3463 class.subject.detail; all zero: the reply carries none (greeting, 354, EHLO).
struct EnhancedStatus {
  std::uint8_t klass = 0;
  std::uint8_t subject = 0;
  std::uint8_t detail = 0;
  friend bool operator==(EnhancedStatus, EnhancedStatus) = default;
};

struct Reply {
  std::uint16_t code = 0;
  EnhancedStatus status;
  std::string
      text;  // lines parted by '\n'; printable ASCII or UTF-8; escaped when it quotes a peer
  [[nodiscard]] bool is_positive() const { return code < 400; }
  [[nodiscard]] bool is_transient() const { return code >= 400 && code < 500; }
  [[nodiscard]] bool is_permanent() const { return code >= 500; }
  /// As sent: "250-2.1.0 ...\r\n250 2.1.0 ...\r\n"; lines cut at 512 octets (RFC 5321 §4.5.3.1.5).
  [[nodiscard]] std::string wire() const;
};

/// A row of the table below: a Reply whose text is known beforehand.
struct NamedReply {
  std::uint16_t code;
  EnhancedStatus status;
  std::string_view text;
  // Implicit: wherever a Reply is wanted, a row of the table may stand.
  operator Reply() const { return {code, status, std::string{text}}; }
  /// The same code and status with words of the occasion; peer text in them is already escaped.
  [[nodiscard]] Reply with(std::string_view words) const {
    return {code, status, std::string{words}};
  }
};

/// "334 challenge CRLF", whole: a challenge may be longer than a reply's line (RFC 4954 §4.3).
std::string auth_challenge_line(std::string_view base64);

namespace reply {
// Sessions.
inline constexpr NamedReply greeting{220, {}, "ESMTP"};
inline constexpr NamedReply closing{221, {2, 0, 0}, "Good bye"};
inline constexpr NamedReply help{214, {2, 0, 0}, "See RFC 5321"};
inline constexpr NamedReply ehlo{250, {}, ""};
inline constexpr NamedReply ok{250, {2, 0, 0}, "OK"};
inline constexpr NamedReply cannot_verify{252, {2, 1, 5}, "Send mail and it will be tried"};
inline constexpr NamedReply shutting_down{421, {4, 3, 2}, "Shutting down; try again soon"};
inline constexpr NamedReply timed_out{421, {4, 4, 2}, "Waited too long for you; closing"};
inline constexpr NamedReply too_many_errors{421, {4, 7, 0}, "Too many errors; closing"};
inline constexpr NamedReply too_many_commands{421, {4, 7, 0}, "Too many commands; closing"};
inline constexpr NamedReply too_many_transactions{
    421, {4, 7, 0}, "Too many messages in one session; closing"};
inline constexpr NamedReply too_many_sessions{
    421, {4, 7, 0}, "Too many connections from your network"};
inline constexpr NamedReply too_busy{421, {4, 3, 2}, "Too busy; try again soon"};
inline constexpr NamedReply no_service{554, {5, 7, 1}, "No service here for you"};
inline constexpr NamedReply early_talker{554, {5, 5, 1}, "You spoke before the greeting"};
inline constexpr NamedReply not_smtp{554, {5, 5, 1}, "This is an SMTP server"};
inline constexpr NamedReply tls_expected{554, {5, 7, 0}, "This port wants TLS from the start"};

// Commands: syntax and order.
inline constexpr NamedReply unknown_command{500, {5, 5, 1}, "Unknown command"};
inline constexpr NamedReply line_too_long{500, {5, 5, 6}, "Line too long"};
inline constexpr NamedReply bare_line_end_in_command{
    500, {5, 5, 2}, "Lines end with CRLF, both, always"};
inline constexpr NamedReply non_ascii_command{500, {5, 5, 2}, "Command is not ASCII"};
inline constexpr NamedReply bad_utf8_command{500, {5, 5, 2}, "Command is not UTF-8"};
inline constexpr NamedReply syntax{501, {5, 5, 2}, "Syntax error"};
inline constexpr NamedReply no_arguments{501, {5, 5, 4}, "This command takes no arguments"};
inline constexpr NamedReply bad_argument{501, {5, 5, 4}, "Bad argument"};
inline constexpr NamedReply need_name{501, {5, 5, 4}, "Say your name: EHLO name"};
inline constexpr NamedReply bad_name{501, {5, 5, 4}, "That is no host name"};
inline constexpr NamedReply not_implemented{502, {5, 5, 1}, "Command not implemented"};
inline constexpr NamedReply bad_sequence{503, {5, 5, 1}, "Bad sequence of commands"};
inline constexpr NamedReply need_hello{503, {5, 5, 1}, "EHLO first"};
inline constexpr NamedReply need_mail{503, {5, 5, 1}, "MAIL first"};
inline constexpr NamedReply need_rcpt{503, {5, 5, 1}, "RCPT first"};
inline constexpr NamedReply nested_mail{503, {5, 5, 1}, "MAIL was given; RSET ends it"};
inline constexpr NamedReply in_chunks{503, {5, 5, 1}, "Chunks have begun: BDAT or RSET"};
inline constexpr NamedReply chunks_failed{503, {5, 5, 1}, "An earlier chunk failed: RSET"};
inline constexpr NamedReply in_transaction{503, {5, 5, 1}, "Not within a transaction"};
inline constexpr NamedReply unknown_parameter{555, {5, 5, 4}, "Parameter not recognized"};
inline constexpr NamedReply bad_parameter{501, {5, 5, 4}, "Bad parameter value"};
inline constexpr NamedReply repeated_parameter{501, {5, 5, 4}, "Parameter given twice"};

// MAIL and RCPT.
inline constexpr NamedReply mail_ok{250, {2, 1, 0}, "Sender OK"};
inline constexpr NamedReply rcpt_ok{250, {2, 1, 5}, "Recipient OK"};
inline constexpr NamedReply bad_reverse_path{501, {5, 1, 7}, "Bad sender address syntax"};
inline constexpr NamedReply bad_forward_path{501, {5, 1, 3}, "Bad recipient address syntax"};
inline constexpr NamedReply reverse_path_needs_utf8{
    553, {5, 6, 7}, "Address is not ASCII: SMTPUTF8 is needed"};
inline constexpr NamedReply forward_path_needs_utf8{
    553, {5, 6, 7}, "Address is not ASCII: SMTPUTF8 is needed"};
inline constexpr NamedReply too_many_recipients{452, {4, 5, 3}, "Too many recipients"};
inline constexpr NamedReply declared_too_big{552, {5, 3, 4}, "Message too big"};
inline constexpr NamedReply hold_too_long{501, {5, 5, 4}, "Release time is too far away"};
inline constexpr NamedReply deliver_by_too_short{
    501, {5, 5, 4}, "BY time is below the minimum for return"};
inline constexpr NamedReply no_recipients{554, {5, 5, 1}, "No valid recipients"};
inline constexpr NamedReply unknown_user{550, {5, 1, 1}, "No such mailbox here"};
inline constexpr NamedReply mailbox_full{452, {4, 2, 2}, "Mailbox full"};
inline constexpr NamedReply mailbox_disabled{550, {5, 2, 1}, "Mailbox disabled"};
inline constexpr NamedReply relay_denied{550, {5, 7, 1}, "Relaying denied"};
inline constexpr NamedReply not_owner{550, {5, 7, 1}, "Not an address of your account"};
inline constexpr NamedReply from_not_owned{
    550, {5, 7, 1}, "From is not an address of your account"};
inline constexpr NamedReply unroutable_sender{550, {5, 1, 8}, "Sender's domain takes no mail"};
inline constexpr NamedReply unknown_sender_domain{550, {5, 1, 8}, "Sender's domain does not exist"};
inline constexpr NamedReply null_mx_sender{550, {5, 7, 27}, "Sender's domain has a null MX"};
inline constexpr NamedReply null_mx_recipient{556, {5, 1, 10}, "Recipient's domain has a null MX"};

// Messages.
inline constexpr NamedReply go_on{354, {}, "Go on; end with <CR><LF>.<CR><LF>"};
inline constexpr NamedReply chunk_ok{250, {2, 0, 0}, "Chunk received"};
inline constexpr NamedReply accepted{250, {2, 0, 0}, "Accepted"};
inline constexpr NamedReply too_big{552, {5, 3, 4}, "Message too big"};
inline constexpr NamedReply header_too_big{552, {5, 3, 4}, "Header section too big"};
inline constexpr NamedReply text_line_too_long{554, {5, 6, 0}, "Text line too long"};
inline constexpr NamedReply bare_line_end{554, {5, 6, 0}, "Bare CR or LF in the message; closing"};
inline constexpr NamedReply bare_cr_in_chunk{554, {5, 6, 0}, "Bare CR in the message"};
inline constexpr NamedReply mail_loop{554, {5, 4, 6}, "Too many Received fields: a mail loop"};
inline constexpr NamedReply no_space{452, {4, 3, 1}, "No space left; try again later"};
inline constexpr NamedReply overloaded{452, {4, 3, 2}, "Too much mail; try again later"};
inline constexpr NamedReply local_fault{451, {4, 3, 0}, "Local fault; try again later"};
inline constexpr NamedReply judge_timeout{451, {4, 4, 3}, "Could not decide; try again later"};
inline constexpr NamedReply dns_failed{451, {4, 4, 3}, "DNS did not answer; try again later"};
inline constexpr NamedReply policy_reject{550, {5, 7, 1}, "Refused by policy"};
inline constexpr NamedReply policy_defer{450, {4, 7, 1}, "Not now; try again later"};
inline constexpr NamedReply spf_fail{550, {5, 7, 23}, "SPF says no"};
inline constexpr NamedReply spf_error{550, {5, 7, 24}, "SPF record cannot be evaluated"};
inline constexpr NamedReply dmarc_reject{550, {5, 7, 1}, "Refused by the From domain's DMARC"};
inline constexpr NamedReply bad_header{554, {5, 6, 0}, "Header section is malformed"};
inline constexpr NamedReply rate_limited{450, {4, 7, 1}, "Too fast; try again later"};

// TLS and AUTH (RFC 3207, RFC 4954 §6).
inline constexpr NamedReply start_tls{220, {2, 0, 0}, "Ready to start TLS"};
inline constexpr NamedReply tls_active{503, {5, 5, 1}, "TLS is active"};
inline constexpr NamedReply tls_not_available{502, {5, 5, 1}, "TLS not available"};
inline constexpr NamedReply injected_plaintext{
    503, {5, 5, 1}, "Nothing may follow STARTTLS; closing"};
inline constexpr NamedReply need_tls{530, {5, 7, 0}, "Must issue STARTTLS first"};
inline constexpr NamedReply need_auth{530, {5, 7, 0}, "Authentication required"};
inline constexpr NamedReply auth_ok{235, {2, 7, 0}, "Authenticated"};
inline constexpr NamedReply auth_unavailable{454, {4, 7, 0}, "Cannot check now; try again later"};
inline constexpr NamedReply auth_not_offered{503, {5, 5, 1}, "AUTH is not offered here"};
inline constexpr NamedReply auth_done{503, {5, 5, 1}, "Authenticated before"};
inline constexpr NamedReply unknown_mechanism{504, {5, 5, 4}, "Mechanism not offered"};
inline constexpr NamedReply auth_cancelled{501, {5, 7, 0}, "Authentication cancelled"};
inline constexpr NamedReply bad_base64{501, {5, 5, 2}, "Cannot decode base64"};
inline constexpr NamedReply auth_line_too_long{500, {5, 5, 6}, "Authentication line too long"};
inline constexpr NamedReply auth_malformed{501, {5, 5, 2}, "Malformed authentication exchange"};
inline constexpr NamedReply auth_denied{535, {5, 7, 8}, "Wrong user or password"};
inline constexpr NamedReply too_many_logins{421, {4, 7, 0}, "Too many failed logins; closing"};
inline constexpr NamedReply xclient_denied{550, {5, 7, 0}, "XCLIENT is not for you"};

// XPROBE, an extension of ours (docs/reference/xprobe.md).
inline constexpr NamedReply probed{250, {2, 0, 0}, ""};
inline constexpr NamedReply bad_probe{501, {5, 5, 4}, "Say XPROBE host:port"};
inline constexpr NamedReply probe_port_denied{550, {5, 7, 1}, "Not a port of mail"};
inline constexpr NamedReply probe_target_denied{550, {5, 7, 1}, "Not a public address"};
inline constexpr NamedReply too_many_probes{450, {4, 7, 1}, "Too many probes; try again later"};
inline constexpr NamedReply probing_now{451, {4, 3, 2}, "Another probe is under way"};
}  // namespace reply
}  // namespace pb::smtp
