// parameters.cpp: see parameters.hpp. A table names each keyword, its reader and its RFC.
// Spec: RFC 1870 §4, 6152 §2, 6531 §3.4, 3461 §4, 4954 §5, 4865 §4, 2852 §4, 6710 §4, 6533 §3.
// Not here: xtext and times (xtext.cpp).                                Tests: command_test.cpp
#include "smtp/parameters.hpp"

#include <array>
#include <charconv>

#include "base/ascii.hpp"
#include "base/utf8.hpp"

namespace pb::smtp {
namespace {
using Set = std::expected<void, SyntaxError>;
Set bad() { return std::unexpected{SyntaxError::bad_parameter}; }
Set repeated() { return std::unexpected{SyntaxError::repeated_parameter}; }

template <class Number>
std::optional<Number> parse_number(std::string_view text, std::size_t digits_max) {
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  Number value{};
  auto const end = text.data() + text.size();
  auto const [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end) return std::nullopt;
  return value;
}

/// size-value = 1*20DIGIT (RFC 1870 §4). A value over 64 bits is as good as their maximum.
Set set_size(MailCommand& command, std::string_view value) {
  if (command.size) return repeated();
  if (value.size() > 20 || value.empty()) return bad();
  for (char const c : value) {
    if (!ascii::is_digit(c)) return bad();
  }
  command.size = parse_number<std::uint64_t>(value, 20).value_or(UINT64_MAX);
  return {};
}

/// "7BIT" / "8BITMIME" (RFC 6152 §2); BINARYMIME is not offered.
Set set_body(MailCommand& command, std::string_view value) {
  if (command.body) return repeated();
  if (ascii::iequals(value, "7BIT")) {
    command.body = mail::BodyType::seven_bit;
  } else if (ascii::iequals(value, "8BITMIME")) {
    command.body = mail::BodyType::eight_bit_mime;
  } else {
    return bad();
  }
  return {};
}

/// "FULL" / "HDRS" (RFC 3461 §4.3)
Set set_ret(MailCommand& command, std::string_view value) {
  if (command.dsn_return) return repeated();
  if (ascii::iequals(value, "FULL")) {
    command.dsn_return = mail::DsnReturn::full;
  } else if (ascii::iequals(value, "HDRS")) {
    command.dsn_return = mail::DsnReturn::headers;
  } else {
    return bad();
  }
  return {};
}

/// xtext of at most 100 printable characters (RFC 3461 §4.4, §5.4)
Set set_envid(MailCommand& command, std::string_view value) {
  constexpr std::size_t envelope_id_octets_max = 100;
  if (command.envelope_id) return repeated();
  auto const decoded = decode_xtext(value);
  if (!decoded || value.empty() || value.size() > envelope_id_octets_max) return bad();
  for (char const c : *decoded) {
    if (c != ' ' && !ascii::is_vchar(c)) return bad();
  }
  command.envelope_id = std::string{value};
  return {};
}

/// "<>" / xtext of a mailbox (RFC 4954 §5)
Set set_auth(MailCommand& command, std::string_view value) {
  if (command.auth) return repeated();
  if (value == "<>") {
    command.auth = std::string{};
    return {};
  }
  auto decoded = decode_xtext(value);
  if (!decoded || !utf8::valid(*decoded)) return bad();
  if (!mail::parse_mailbox(*decoded, mail::Utf8::allow)) return bad();
  command.auth = std::move(*decoded);
  return {};
}

/// 1*9DIGIT seconds (RFC 4865 §4)
Set set_holdfor(MailCommand& command, std::string_view value) {
  if (command.hold_for_seconds || command.hold_until) return repeated();
  command.hold_for_seconds = parse_number<std::uint64_t>(value, 9);
  if (!command.hold_for_seconds) return bad();
  return {};
}

/// An Internet date-time (RFC 4865 §4, RFC 3339)
Set set_holduntil(MailCommand& command, std::string_view value) {
  if (command.hold_for_seconds || command.hold_until) return repeated();
  command.hold_until = parse_internet_time(value);
  if (!command.hold_until) return bad();
  return {};
}

/// by-time ";" by-mode [by-trace]; by-time = ["-" / "+"] 1*9DIGIT; R / N; T (RFC 2852 §4)
Set set_by(MailCommand& command, std::string_view value) {
  if (command.deliver_by) return repeated();
  auto const semicolon = value.find(';');
  if (semicolon == std::string_view::npos) return bad();
  auto time = value.substr(0, semicolon);
  auto const mode = value.substr(semicolon + 1);
  bool const negative = time.starts_with('-');
  if (negative || time.starts_with('+')) time.remove_prefix(1);
  auto const seconds = parse_number<std::uint32_t>(time, 9);
  if (!seconds || mode.empty() || mode.size() > 2) return bad();
  DeliverBy by;
  by.seconds = negative ? -static_cast<std::int64_t>(*seconds) : *seconds;
  by.return_mail = ascii::lower(mode[0]) == 'r';
  if (!by.return_mail && ascii::lower(mode[0]) != 'n') return bad();
  by.trace = mode.size() == 2;
  if (by.trace && ascii::lower(mode[1]) != 't') return bad();
  // RFC 2852 §4.1: a time in the past cannot ask for the mail's return.
  if (by.return_mail && by.seconds <= 0) return bad();
  command.deliver_by = by;
  return {};
}

/// -9 to 9 (RFC 6710 §4): ["-"] NZDIGIT / "0"
Set set_priority(MailCommand& command, std::string_view value) {
  if (command.priority) return repeated();
  bool const negative = value.starts_with('-');
  if (negative) value.remove_prefix(1);
  if (value.size() != 1 || !ascii::is_digit(value[0]) || (negative && value[0] == '0')) {
    return bad();
  }
  int const number = value[0] - '0';
  command.priority = static_cast<std::int8_t>(negative ? -number : number);
  return {};
}

struct MailParameter {
  std::string_view keyword;
  Set (*set)(MailCommand&, std::string_view);
};
constexpr std::array<MailParameter, 9> mail_parameters{{
    {"SIZE", set_size},            // RFC 1870 §4
    {"BODY", set_body},            // RFC 6152 §2
    {"RET", set_ret},              // RFC 3461 §4.3
    {"ENVID", set_envid},          // RFC 3461 §4.4
    {"AUTH", set_auth},            // RFC 4954 §5
    {"HOLDFOR", set_holdfor},      // RFC 4865 §4
    {"HOLDUNTIL", set_holduntil},  // RFC 4865 §4
    {"BY", set_by},                // RFC 2852 §4
    {"MT-PRIORITY", set_priority}  // RFC 6710 §4
}};

/// "NEVER" / 1#( "SUCCESS" / "FAILURE" / "DELAY" ) (RFC 3461 §4.1)
Set set_notify(RcptCommand& command, std::string_view value) {
  mail::DsnNotify& notify = command.path.notify;
  if (notify.specified) return repeated();
  notify.specified = true;
  if (ascii::iequals(value, "NEVER")) {
    notify.never = true;
    return {};
  }
  for (std::string_view const word : ascii::split(value, ',')) {
    bool* const flag = ascii::iequals(word, "SUCCESS")   ? &notify.success
                       : ascii::iequals(word, "FAILURE") ? &notify.failure
                       : ascii::iequals(word, "DELAY")   ? &notify.delay
                                                         : nullptr;
    if (flag == nullptr) return bad();
    *flag = true;
  }
  return {};
}

/// addr-type ";" xtext, at most 500 octets (RFC 3461 §4.2); of type utf-8 also the forms of
/// RFC 6533 §3, raw UTF-8 only where SMTPUTF8 was asked for.
Set set_orcpt(RcptCommand& command, std::string_view value, mail::Utf8 utf8) {
  constexpr std::size_t original_recipient_octets_max = 500;
  if (!command.path.original_recipient.empty()) return repeated();
  auto const semicolon = value.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0) return bad();
  if (value.size() > original_recipient_octets_max) return bad();
  auto const type = value.substr(0, semicolon);
  for (char const c : type) {
    if (!ascii::is_alnum(c) && c != '-' && c != '_') return bad();
  }
  auto const address = value.substr(semicolon + 1);
  bool const utf8_type = ascii::iequals(type, "utf-8");
  if (address.empty() || (!utf8_type && !decode_xtext(address))) return bad();
  if (!utf8::is_ascii(address) && utf8 == mail::Utf8::refuse) return bad();
  command.path.original_recipient = std::string{value};
  return {};
}
}  // namespace

/// esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii)
std::optional<Parameter> ParameterList::next() {
  while (!rest_.empty() && ascii::is_wsp(rest_.front())) rest_.remove_prefix(1);
  if (rest_.empty()) return std::nullopt;
  std::size_t end = 0;
  while (end < rest_.size() && !ascii::is_wsp(rest_[end])) ++end;
  auto const word = rest_.substr(0, end);
  rest_.remove_prefix(end);
  auto const equals = word.find('=');
  Parameter parameter{word.substr(0, equals), std::nullopt};
  malformed_ = parameter.keyword.empty() || parameter.keyword.front() == '-';
  for (char const c : parameter.keyword) malformed_ |= !ascii::is_alnum(c) && c != '-';
  if (equals != std::string_view::npos) {
    parameter.value = word.substr(equals + 1);
    malformed_ |= parameter.value->empty();
    for (char const c : *parameter.value) malformed_ |= ascii::is_control(c) || c == '=';
  }
  if (malformed_) return std::nullopt;
  return parameter;
}

Set set_mail_parameter(MailCommand& command, Parameter const& given) {
  if (ascii::iequals(given.keyword, "SMTPUTF8")) {  // RFC 6531 §3.4: takes no value
    if (given.value) return bad();
    if (command.smtputf8) return repeated();
    command.smtputf8 = true;
    return {};
  }
  for (MailParameter const& row : mail_parameters) {
    if (!ascii::iequals(given.keyword, row.keyword)) continue;
    if (!given.value || !utf8::is_ascii(*given.value)) return bad();
    return row.set(command, *given.value);
  }
  return std::unexpected{SyntaxError::unknown_parameter};
}

Set set_rcpt_parameter(RcptCommand& command, Parameter const& given, mail::Utf8 utf8) {
  bool const notify = ascii::iequals(given.keyword, "NOTIFY");
  if (!notify && !ascii::iequals(given.keyword, "ORCPT")) {
    return std::unexpected{SyntaxError::unknown_parameter};
  }
  if (!given.value) return bad();
  command.has_dsn = true;
  return notify ? set_notify(command, *given.value) : set_orcpt(command, *given.value, utf8);
}
}  // namespace pb::smtp
