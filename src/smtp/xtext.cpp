// xtext.cpp: xtext and Internet date-times, the value forms that several parameters share.
// Spec: RFC 3461 §4 (xtext), RFC 3339 §5.6 (date-time).                Tests: command_test.cpp
// Not here: dates of header fields (mail/date.hpp).
#include <fmt/core.h>

#include <chrono>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "smtp/command.hpp"

namespace pb::smtp {
namespace {
/// xchar = any CHAR between "!" and "~" but "+" and "="
bool is_xchar(char c) { return ascii::is_vchar(c) && c != '+' && c != '='; }

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  for (char const c : text.substr(at, count)) {
    if (!ascii::is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// time-offset = "Z" / ("+" / "-") time-hour ":" time-minute
std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  using std::chrono::minutes;
  if (text == "Z" || text == "z") return minutes{0};
  if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) {
    return std::nullopt;
  }
  auto const hour = digits(text, 1, 2);
  auto const minute = digits(text, 4, 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  minutes const offset{*hour * 60 + *minute};
  return text[0] == '-' ? -offset : offset;
}
}  // namespace

std::optional<std::string> decode_xtext(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text.front() == '+') {
      if (text.size() < 3 || ascii::to_upper(text.substr(1, 2)) != text.substr(1, 2)) {
        return std::nullopt;
      }
      auto const octet = hex_decode(text.substr(1, 2));
      if (!octet) return std::nullopt;
      out += *octet;
      text.remove_prefix(3);
      continue;
    }
    if (!is_xchar(text.front())) return std::nullopt;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

std::string encode_xtext(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (is_xchar(c)) {
      out += c;
    } else {
      out += fmt::format("+{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

/// full-date "T" full-time: yyyy-mm-ddThh:mm:ss[.fraction] offset
std::optional<Instant> parse_internet_time(std::string_view text) {
  using namespace std::chrono;
  auto const y = digits(text, 0, 4), mo = digits(text, 5, 2), d = digits(text, 8, 2);
  auto const h = digits(text, 11, 2), mi = digits(text, 14, 2), s = digits(text, 17, 2);
  if (!y || !mo || !d || !h || !mi || !s) return std::nullopt;
  bool const marks = text[4] == '-' && text[7] == '-' && ascii::upper(text[10]) == 'T' &&
                     text[13] == ':' && text[16] == ':';
  year_month_day const date{year{*y}, month{static_cast<unsigned>(*mo)},
                            day{static_cast<unsigned>(*d)}};
  if (!marks || !date.ok() || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  auto rest = text.substr(19);
  if (rest.starts_with('.')) {
    std::size_t end = 1;
    while (end < rest.size() && ascii::is_digit(rest[end])) ++end;
    if (end == 1) return std::nullopt;
    rest.remove_prefix(end);
  }
  auto const offset = parse_offset(rest);
  if (!offset) return std::nullopt;
  return Instant{sys_days{date} + hours{*h} + minutes{*mi} + seconds{*s} - *offset};
}
}  // namespace pb::smtp
