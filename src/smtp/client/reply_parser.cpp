// reply_parser.cpp: replies of other servers, with a limit on everything they send.
// Spec: RFC 5321 §4.2.                                            Tests: reply_parser_test.cpp
#include "smtp/client/reply_parser.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/ascii.hpp"
#include "base/encoding.hpp"

namespace pb::smtp::client {
namespace {
constexpr std::size_t code_digits = 3;

/// Reply-code = %x32-35 %x30-35 %x30-39 (RFC 5321 §4.2). The second digit is read as any digit:
/// servers invent codes, and only the first one decides.
std::optional<std::uint16_t> code_of(std::string_view line) {
  if (line.size() < code_digits) return std::nullopt;
  if (line[0] < '2' || line[0] > '5') return std::nullopt;
  if (!ascii::is_digit(line[1]) || !ascii::is_digit(line[2])) return std::nullopt;
  return static_cast<std::uint16_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

std::optional<std::uint8_t> take_number(std::string_view& text) {
  unsigned value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && digits < 3 && ascii::is_digit(text[digits])) {
    value = value * 10 + static_cast<unsigned>(text[digits] - '0');
    ++digits;
  }
  if (digits == 0 || value > 255) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<std::uint8_t>(value);
}
}  // namespace

std::optional<EnhancedStatus> take_enhanced_status(std::string_view& text, std::uint16_t code) {
  std::string_view rest = text;
  auto const klass = take_number(rest);
  if (!klass || *klass != code / 100 || (*klass != 2 && *klass != 4 && *klass != 5)) return {};
  if (!rest.starts_with('.')) return std::nullopt;
  rest.remove_prefix(1);
  auto const subject = take_number(rest);
  if (!subject || !rest.starts_with('.')) return std::nullopt;
  rest.remove_prefix(1);
  auto const detail = take_number(rest);
  if (!detail || (!rest.empty() && rest.front() != ' ')) return std::nullopt;
  if (!rest.empty()) rest.remove_prefix(1);
  text = rest;
  return EnhancedStatus{*klass, *subject, *detail};
}

std::string RemoteReply::display(std::size_t octets_max) const {
  std::string line = fmt::format("{}", code);
  if (status != EnhancedStatus{})
    line += fmt::format(" {}.{}.{}", status.klass, status.subject, status.detail);
  std::string flat = text;
  for (char& c : flat)
    if (c == '\n') c = ' ';
  if (!flat.empty()) line += ' ' + flat;
  return escape_for_display(line, octets_max);
}

std::expected<bool, ReplyError> ReplyParser::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  auto const code = code_of(line);
  if (!code) return std::unexpected{ReplyError::not_a_reply};
  if (lines_ != 0 && *code != reply_.code) return std::unexpected{ReplyError::code_changed};
  if (++lines_ > reply_lines_max) return std::unexpected{ReplyError::too_many_lines};
  line.remove_prefix(code_digits);
  // "250" alone is a reply, too (RFC 5321 §4.2: receivers should take it).
  bool const last = line.empty() || line.front() == ' ';
  if (!last && line.front() != '-') return std::unexpected{ReplyError::not_a_reply};
  if (!line.empty()) line.remove_prefix(1);
  reply_.code = *code;
  if (auto const status = take_enhanced_status(line, *code)) reply_.status = *status;
  if (lines_ > 1 && reply_.text.size() < reply_text_octets_max) reply_.text += '\n';
  reply_.text.append(line.substr(0, reply_text_octets_max - reply_.text.size()));
  return last;
}

std::expected<std::optional<RemoteReply>, ReplyError> ReplyParser::take(std::string_view& input) {
  while (!input.empty()) {
    auto const end = input.find('\n');
    bool const complete = end != std::string_view::npos;
    std::string_view const part = input.substr(0, end);
    if (line_.size() + part.size() > reply_line_octets_max)
      return std::unexpected{ReplyError::line_too_long};
    input.remove_prefix(complete ? end + 1 : input.size());
    if (!complete) {
      line_.append(part);
      return std::nullopt;
    }
    bool const whole = line_.empty();
    if (!whole) line_.append(part);
    auto const last = take_line(whole ? part : std::string_view{line_});
    line_.clear();
    if (!last) return std::unexpected{last.error()};
    if (*last) {
      lines_ = 0;
      return std::exchange(reply_, RemoteReply{});
    }
  }
  return std::nullopt;
}
}  // namespace pb::smtp::client
