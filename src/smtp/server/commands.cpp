// commands.cpp: the dispatch table: verb, handler, where it may stand, RFC section.
// Spec: RFC 5321 §4.1.1, §4.1.4; RFC 3207 §4.                 Tests: session_test.cpp, dialogues.
// Not here: what the handlers do (a file each).
#include "smtp/server/commands.hpp"

#include <array>

#include "base/ascii.hpp"

namespace pb::smtp::server {
namespace {
using Impl = Session::Impl;
consteval std::uint8_t bit(Order order) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(order));
}
constexpr std::uint8_t any = 0x3F;
constexpr std::uint8_t before_mail = bit(Order::connected) | bit(Order::greeted);
constexpr std::uint8_t greeted = bit(Order::greeted);
constexpr std::uint8_t new_mail = bit(Order::greeted) | bit(Order::chunks_failed);
constexpr std::uint8_t recipients = bit(Order::in_mail) | bit(Order::has_recipients);
constexpr std::uint8_t complete = bit(Order::has_recipients);

// BDAT stands everywhere: its octets follow whether it is wanted or not (RFC 3030 §2).
constexpr std::array<CommandRow, 16> rows{{
    // verb, handler, where, before TLS, UTF-8, specification
    {"EHLO", &Impl::handle_ehlo, any, true, false, "RFC 5321 §4.1.1.1"},
    {"HELO", &Impl::handle_helo, any, true, false, "RFC 5321 §4.1.1.1"},
    {"MAIL", &Impl::handle_mail, new_mail, false, true, "RFC 5321 §4.1.1.2"},
    {"RCPT", &Impl::handle_rcpt, recipients, false, true, "RFC 5321 §4.1.1.3"},
    {"DATA", &Impl::handle_data, complete, false, false, "RFC 5321 §4.1.1.4"},
    {"BDAT", &Impl::handle_bdat, any, true, false, "RFC 3030 §2"},
    {"RSET", &Impl::handle_rset, any, true, false, "RFC 5321 §4.1.1.5"},
    {"NOOP", &Impl::handle_noop, any, true, true, "RFC 5321 §4.1.1.9"},
    {"VRFY", &Impl::handle_vrfy, any, false, true, "RFC 5321 §4.1.1.6"},
    {"EXPN", &Impl::handle_expn, any, false, true, "RFC 5321 §4.1.1.7"},
    {"HELP", &Impl::handle_help, any, true, false, "RFC 5321 §4.1.1.8"},
    {"QUIT", &Impl::handle_quit, any, true, false, "RFC 5321 §4.1.1.10"},
    {"STARTTLS", &Impl::handle_starttls, before_mail, true, false, "RFC 3207 §4"},
    {"AUTH", &Impl::handle_auth, greeted, false, false, "RFC 4954 §4"},
    {"XCLIENT", &Impl::handle_xclient, before_mail, true, false, "Postfix XCLIENT_README"},
    {"XPROBE", &Impl::handle_xprobe, greeted, false, false, "docs/reference/xprobe.md"},
}};
}  // namespace

CommandRow const* find_command(std::string_view verb) {
  for (CommandRow const& row : rows) {
    if (ascii::iequals(verb, row.verb)) return &row;
  }
  return nullptr;
}

bool allows(CommandRow const& row, Order order) {
  return (row.orders >> static_cast<unsigned>(order) & 1U) != 0;
}

NamedReply const& wrong_order(CommandRow const& row, Order order) {
  bool const mail = row.handle == &Impl::handle_mail;
  bool const wants_message = row.handle == &Impl::handle_data || row.handle == &Impl::handle_bdat;
  switch (order) {
    case Order::connected:
      return reply::need_hello;
    case Order::greeted:
      return reply::need_mail;
    case Order::in_mail:
      // RFC 5321 §3.3: 503 or 554 where all RCPT were refused; 554 is what pipelining clients see.
      return mail ? reply::nested_mail
                  : (wants_message ? reply::no_recipients : reply::in_transaction);
    case Order::has_recipients:
      return mail ? reply::nested_mail : reply::in_transaction;
    case Order::in_chunks:
      return mail ? reply::nested_mail : reply::in_chunks;
    case Order::chunks_failed:
      return reply::chunks_failed;
  }
  return reply::bad_sequence;
}

std::string_view command_names() {
  return "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT STARTTLS AUTH";
}
}  // namespace pb::smtp::server
