// command_fuzz.cpp: command lines, their parameters, xtext and Internet times.
// Spec: RFC 5321 §4.1; RFC 3461 §4; RFC 3339.             Not here: order of commands (session).
// Covers: src/smtp/command.cpp src/smtp/parameters.cpp src/smtp/xtext.cpp
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "smtp/command.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb::smtp;
  std::string_view const line{reinterpret_cast<char const*>(data), size};
  CommandLine const parts = split_command(line);
  PB_CHECK(parts.verb.size() + parts.arguments.size() <= line.size());
  if (auto const mail = parse_mail(parts.arguments); mail) {
    PB_CHECK(!mail->path.mailbox || mail->smtputf8 || !mail->path.mailbox->is_internationalized());
    PB_CHECK(!mail->deliver_by || !mail->deliver_by->return_mail || mail->deliver_by->seconds > 0);
    PB_CHECK(!mail->priority || (*mail->priority >= -9 && *mail->priority <= 9));
    if (mail->envelope_id) PB_CHECK(decode_xtext(*mail->envelope_id).has_value());
  }
  for (auto const utf8 : {pb::mail::Utf8::refuse, pb::mail::Utf8::allow}) {
    if (auto const rcpt = parse_rcpt(parts.arguments, utf8); rcpt) {
      auto const& notify = rcpt->path.notify;
      PB_CHECK(!notify.never || (!notify.success && !notify.failure && !notify.delay));
      PB_CHECK(rcpt->path.original_recipient.size() <= 500);
    }
  }
  static_cast<void>(parse_bdat(parts.arguments));
  static_cast<void>(parse_auth(parts.arguments));
  if (auto const probe = parse_probe(parts.arguments); probe) {
    PB_CHECK(probe->port != 0 && !probe->host.empty());
    PB_CHECK(probe->address == pb::IpAddress::parse(probe->host));
  }
  static_cast<void>(parse_internet_time(parts.arguments));
  if (auto const decoded = decode_xtext(line); decoded) {
    PB_CHECK(decode_xtext(encode_xtext(*decoded)) == decoded);
  }
  PB_CHECK(decode_xtext(encode_xtext(line)) == line);
  return 0;
}
