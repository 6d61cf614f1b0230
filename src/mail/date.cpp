// date.cpp: see date.hpp.                                              Spec: RFC 5322 §3.3, §4.3.
// Reading goes by words, with comments and folds taken for blanks.     Not here: other time forms.
#include "mail/date.hpp"

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <vector>

#include "base/ascii.hpp"
#include "mail/tokens.hpp"

namespace pb::mail {
namespace {
using std::chrono::minutes;
constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
struct Zone {
  std::string_view name;
  int hours;
};
/// obs-zone (RFC 5322 §4.3); military letters say nothing that can be trusted: -0000.
constexpr std::array<Zone, 10> obsolete_zones{{{"UT", 0},
                                               {"GMT", 0},
                                               {"EST", -5},
                                               {"EDT", -4},
                                               {"CST", -6},
                                               {"CDT", -5},
                                               {"MST", -7},
                                               {"MDT", -6},
                                               {"PST", -8},
                                               {"PDT", -7}}};

std::optional<int> number(std::string_view text, std::size_t digits_min, std::size_t digits_max) {
  if (text.size() < digits_min || text.size() > digits_max) return std::nullopt;
  int value = 0;
  for (char const c : text) {
    if (!ascii::is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<unsigned> month_number(std::string_view text) {
  for (unsigned i = 0; i < month_names.size(); ++i) {
    if (ascii::iequals(text, month_names[i])) return i + 1;
  }
  return std::nullopt;
}

/// 4*DIGIT, or two or three of the obsolete form: 00-49 is 20xx, the rest counts from 1900.
std::optional<int> year_number(std::string_view text) {
  auto const value = number(text, 2, 6);
  if (!value || text.size() >= 4) return value;
  return *value + (text.size() == 2 && *value < 50 ? 2000 : 1900);
}

/// zone = ("+" / "-") 4DIGIT / obs-zone
std::optional<minutes> zone_offset(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) {
    auto const value = number(text.substr(1), 4, 4);
    if (!value || *value % 100 > 59) return std::nullopt;
    minutes const offset{*value / 100 * 60 + *value % 100};
    return text[0] == '-' ? -offset : offset;
  }
  for (Zone const& zone : obsolete_zones) {
    if (ascii::iequals(text, zone.name)) return minutes{zone.hours * 60};
  }
  bool const letter = text.size() == 1 && ascii::is_alpha(text[0]) && ascii::lower(text[0]) != 'j';
  return letter ? std::optional{minutes{0}} : std::nullopt;
}

/// time-of-day = hour ":" minute [ ":" second ]
std::optional<std::chrono::seconds> time_of_day(std::string_view text) {
  auto const parts = ascii::split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  auto const hour = number(parts[0], 1, 2);
  auto const minute = number(parts[1], 2, 2);
  auto const second = parts.size() == 3 ? number(parts[2], 2, 2) : std::optional{0};
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return std::chrono::seconds{*hour * 3600 + *minute * 60 + *second};
}

/// Words between blanks; ":" joins its neighbours ("18 : 25" is an obsolete but legal spelling) and
/// a comma ends a word.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool joining = false;
  bool open = false;
  for (char const c : without_comments(text)) {
    if (ascii::is_wsp(c) || c == '\r' || c == '\n' || c == ',') {
      open = false;
      if (c == ',' && !words.empty()) words.back() += ',';
      continue;
    }
    joining |= c == ':';
    if (!open && !(joining && !words.empty())) words.emplace_back();
    words.back() += c;
    joining = c == ':';
    open = true;
  }
  return words;
}
}  // namespace

std::string format_date(Instant instant) {
  using namespace std::chrono;
  auto const second = floor<seconds>(instant);
  auto const day = floor<days>(second);
  year_month_day const date{day};
  hh_mm_ss const time{second - day};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
                     day_names[weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                     month_names[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

std::optional<Instant> parse_date(std::string_view text) {
  using namespace std::chrono;
  constexpr std::size_t date_octets_max = 256;
  if (text.size() > date_octets_max) return std::nullopt;
  auto words = words_of(text);
  // date-time = [ day-of-week "," ] date time zone
  if (!words.empty() && words.front().ends_with(',')) words.erase(words.begin());
  if (words.size() != 5) return std::nullopt;
  auto const day_number = number(words[0], 1, 2);
  auto const month_value = month_number(words[1]);
  auto const year_value = year_number(words[2]);
  auto const time = time_of_day(words[3]);
  auto const offset = zone_offset(words[4]);
  if (!day_number || !month_value || !year_value || !time || !offset) return std::nullopt;
  year_month_day const date{year{*year_value}, month{*month_value},
                            day{static_cast<unsigned>(*day_number)}};
  if (*year_value < 1900 || *year_value > 9999 || !date.ok()) return std::nullopt;
  return Instant{sys_days{date} + *time - *offset};
}
}  // namespace pb::mail
