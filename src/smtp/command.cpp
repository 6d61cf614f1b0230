// command.cpp: command lines: the shape of each command; parameters are in parameters.cpp.
// Spec: RFC 5321 §4.1.1, §4.1.2; RFC 3030 §2; RFC 4954 §4.                Tests: command_test.cpp
// Not here: order of commands and what is offered (server/).
#include "smtp/command.hpp"

#include <charconv>

#include "base/ascii.hpp"
#include "smtp/parameters.hpp"

namespace pb::smtp {
namespace {
void skip_blanks(std::string_view& text) {
  while (!text.empty() && ascii::is_wsp(text.front())) text.remove_prefix(1);
}

std::string_view take_word(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && !ascii::is_wsp(text[end])) ++end;
  auto const word = text.substr(0, end);
  text.remove_prefix(end);
  skip_blanks(text);
  return word;
}

/// "FROM:" or "TO:", then blanks that should not be there but are.
bool take_keyword(std::string_view& text, std::string_view keyword) {
  if (!ascii::istarts_with(text, keyword)) return false;
  text.remove_prefix(keyword.size());
  skip_blanks(text);
  return true;
}

SyntaxError path_error(mail::AddressError error) {
  return error == mail::AddressError::non_ascii ? SyntaxError::path_not_ascii
                                                : SyntaxError::bad_path;
}

bool ends_or_blank(std::string_view text) { return text.empty() || ascii::is_wsp(text.front()); }
}  // namespace

CommandLine split_command(std::string_view line) {
  CommandLine parts;
  parts.verb = take_word(line);
  while (!line.empty() && ascii::is_wsp(line.back())) line.remove_suffix(1);
  parts.arguments = line;
  return parts;
}

std::expected<MailCommand, SyntaxError> parse_mail(std::string_view arguments) {
  if (!take_keyword(arguments, "FROM:")) return std::unexpected{SyntaxError::syntax};
  // SMTPUTF8 stands behind the path that it allows, so the path is judged once it is known.
  auto path = mail::take_reverse_path(arguments, mail::Utf8::allow);
  if (!path) return std::unexpected{path_error(path.error())};
  if (!ends_or_blank(arguments)) return std::unexpected{SyntaxError::bad_path};
  MailCommand command;
  command.path = std::move(*path);
  ParameterList parameters{arguments};
  while (auto const parameter = parameters.next()) {
    command.has_parameters = true;
    if (auto const set = set_mail_parameter(command, *parameter); !set) {
      return std::unexpected{set.error()};
    }
  }
  if (parameters.is_malformed()) return std::unexpected{SyntaxError::syntax};
  auto const& mailbox = command.path.mailbox;
  if (mailbox && mailbox->is_internationalized() && !command.smtputf8) {
    return std::unexpected{SyntaxError::path_not_ascii};
  }
  return command;
}

std::expected<RcptCommand, SyntaxError> parse_rcpt(std::string_view arguments, mail::Utf8 utf8) {
  if (!take_keyword(arguments, "TO:")) return std::unexpected{SyntaxError::syntax};
  auto mailbox = mail::take_forward_path(arguments, utf8);
  if (!mailbox) return std::unexpected{path_error(mailbox.error())};
  if (!ends_or_blank(arguments)) return std::unexpected{SyntaxError::bad_path};
  RcptCommand command;
  command.path.mailbox = std::move(*mailbox);
  ParameterList parameters{arguments};
  while (auto const parameter = parameters.next()) {
    command.has_parameters = true;
    if (auto const set = set_rcpt_parameter(command, *parameter, utf8); !set) {
      return std::unexpected{set.error()};
    }
  }
  if (parameters.is_malformed()) return std::unexpected{SyntaxError::syntax};
  return command;
}

std::expected<BdatCommand, SyntaxError> parse_bdat(std::string_view arguments) {
  constexpr std::size_t digits_max = 19;  // fits 64 bits with room to add
  auto const number = take_word(arguments);
  if (number.empty() || number.size() > digits_max) return std::unexpected{SyntaxError::syntax};
  BdatCommand command;
  auto const end = number.data() + number.size();
  auto const [at, error] = std::from_chars(number.data(), end, command.octets);
  if (error != std::errc{} || at != end) return std::unexpected{SyntaxError::syntax};
  command.last = ascii::iequals(arguments, "LAST");
  if (!command.last && !arguments.empty()) return std::unexpected{SyntaxError::syntax};
  return command;
}

std::expected<AuthCommand, SyntaxError> parse_auth(std::string_view arguments) {
  AuthCommand command;
  command.mechanism = take_word(arguments);
  if (command.mechanism.empty()) return std::unexpected{SyntaxError::syntax};
  if (arguments.empty()) return command;
  auto const response = take_word(arguments);
  if (!arguments.empty()) return std::unexpected{SyntaxError::syntax};
  command.initial_response = response == "=" ? std::string{} : std::string{response};
  return command;
}

std::expected<ProbeCommand, SyntaxError> parse_probe(std::string_view arguments) {
  constexpr std::size_t digits_max = 5;
  auto const colon = arguments.rfind(':');
  if (colon == std::string_view::npos) return std::unexpected{SyntaxError::syntax};
  auto const host = mail::parse_domain(arguments.substr(0, colon), mail::Utf8::refuse);
  if (!host) return std::unexpected{SyntaxError::syntax};
  ProbeCommand command;
  auto const digits = arguments.substr(colon + 1);
  auto const end = digits.data() + digits.size();
  auto const [at, error] = std::from_chars(digits.data(), end, command.port);
  bool const is_port = error == std::errc{} && at == end && digits.size() <= digits_max;
  if (!is_port || digits.starts_with('0')) return std::unexpected{SyntaxError::syntax};
  command.host = ascii::to_lower(host->text);
  if (host->is_literal()) {
    command.host = command.host.substr(1, command.host.size() - 2);
    if (command.host.starts_with("ipv6:")) command.host.erase(0, 5);
    command.address = IpAddress::parse(command.host);
    if (!command.address) return std::unexpected{SyntaxError::syntax};
    return command;
  }
  auto const dot = command.host.rfind('.');
  bool const named = dot != std::string::npos &&
                     command.host.find_first_not_of("0123456789", dot + 1) != std::string::npos;
  if (!named) return std::unexpected{SyntaxError::syntax};
  return command;
}
}  // namespace pb::smtp
