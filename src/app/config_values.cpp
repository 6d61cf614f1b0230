// config_values.cpp: reads one value into one member, and says in words what it should have been.
// Spec: docs/reference/configuration.md.                     Tests: config_test.cpp
// Not here: which key goes where (config_keys.cpp).
#include "app/config_values.hpp"

#include <algorithm>

#include "app/units.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/nearest.hpp"

namespace pb::app {
namespace {
using smtp::server::Role;
using smtp::server::Security;

std::string in_quotes(std::string_view text) { return "\"" + escape_for_display(text, 80) + "\""; }

ValueError text_of(Entry const& entry, std::string& out) {
  if (auto const* text = std::get_if<std::string>(&entry.value)) {
    out = *text;
    return std::nullopt;
  }
  return "write it as a text in quotes";
}

ValueError not_one_of(std::string_view value, std::string_view words) {
  std::vector<std::string_view> const names = ascii::split(words, ' ');
  std::string text = in_quotes(value) + " is not known; one of:";
  for (std::string_view const name : names) text.append(" \"").append(name).append("\"");
  if (auto const near = nearest(value, names))
    text.append("; did you mean \"").append(*near).append("\"?");
  return text;
}

std::string range_text(LimitUnit unit, NumberRange range) {
  return "it must be from " + limit_text(unit, range.lowest) + " to " +
         limit_text(unit, range.highest);
}
}  // namespace

ValueError take(Entry const& entry, std::string& out) {
  std::string text;
  if (auto error = text_of(entry, text)) return error;
  if (text.empty()) return "it is empty; leave the line out for the default";
  if (text.size() > 4096) return "it is longer than 4096 octets";
  if (std::ranges::any_of(text, ascii::is_control)) return "it has a control character";
  out = std::move(text);
  return std::nullopt;
}

ValueError take(Entry const& entry, bool& out) {
  auto const* flag = std::get_if<bool>(&entry.value);
  if (flag == nullptr) return "write true or false, without quotes";
  out = *flag;
  return std::nullopt;
}

ValueError take(Entry const& entry, Duration& out) {
  std::string text;
  auto const error = text_of(entry, text);
  auto const value = error ? std::nullopt : parse_duration(text);
  if (!value)
    return "write a number and a unit in quotes: \"50ms\", \"30s\", \"5m\", \"4h\", \"5d\"";
  out = *value;
  return std::nullopt;
}

ValueError take(Entry const& entry, Endpoint& out) {
  std::string text;
  if (auto error = text_of(entry, text)) return error;
  auto const value = Endpoint::parse(text);
  if (!value)
    return in_quotes(text) +
           " is no address with a port; write \"0.0.0.0:25\", \"127.0.0.1:587\" or "
           "\"[::]:465\"";
  out = *value;
  return std::nullopt;
}

ValueError take(Entry const& entry, std::vector<std::string>& out) {
  if (auto const* list = std::get_if<std::vector<std::string>>(&entry.value)) {
    out = *list;
    return std::nullopt;
  }
  std::string text;
  if (text_of(entry, text)) return "write a text in quotes, or a list of them";
  out = {text};
  return std::nullopt;
}

ValueError take(Entry const& entry, std::vector<Network>& out) {
  std::vector<std::string> texts;
  if (auto error = take(entry, texts)) return error;
  std::vector<Network> networks;
  for (std::string const& text : texts) {
    auto const network = Network::parse(text);
    if (!network)
      return in_quotes(text) +
             " is no network; write \"192.0.2.0/24\", \"2001:db8::/32\" or one "
             "address, with zeros behind the prefix";
    networks.push_back(*network);
  }
  out = std::move(networks);
  return std::nullopt;
}

ValueError take(Entry const& entry, std::vector<Duration>& out) {
  std::vector<std::string> texts;
  if (auto error = take(entry, texts)) return error;
  std::vector<Duration> values;
  for (std::string const& text : texts) {
    auto const value = parse_duration(text);
    if (!value || value->count() == 0)
      return in_quotes(text) + " is no duration; write \"5m\", \"1h\", \"5d\"";
    values.push_back(*value);
  }
  if (values.empty()) return "the list is empty; leave the line out for the default";
  out = std::move(values);
  return std::nullopt;
}

ValueError take_number(Entry const& entry, std::uint64_t& out, NumberRange range) {
  auto const* number = std::get_if<std::int64_t>(&entry.value);
  if (number == nullptr) return "write a whole number, without quotes";
  bool const fits = *number >= 0 && static_cast<std::uint64_t>(*number) >= range.lowest &&
                    static_cast<std::uint64_t>(*number) <= range.highest;
  if (!fits) return range_text(LimitUnit::count, range);
  out = static_cast<std::uint64_t>(*number);
  return std::nullopt;
}

ValueError take_port(Entry const& entry, std::uint16_t& out) {
  std::uint64_t number = 0;
  if (auto error = take_number(entry, number, {1, 65535})) return error;
  out = static_cast<std::uint16_t>(number);
  return std::nullopt;
}

ValueError take_one_of(Entry const& entry, std::string& out, std::string_view words) {
  std::string text;
  if (auto error = text_of(entry, text)) return error;
  auto const names = ascii::split(words, ' ');
  if (std::ranges::find(names, text) == names.end()) return not_one_of(text, words);
  out = std::move(text);
  return std::nullopt;
}

ValueError take_role(Entry const& entry, ListenerConfig& out) {
  std::string text;
  if (auto error = take_one_of(entry, text, "relay submission submissions submission-alt"))
    return error;
  for (Role const role : {Role::relay, Role::submission, Role::submissions, Role::submission_alt})
    if (name_of(role) == text) out.role = role;
  out.role_given = true;
  return std::nullopt;
}

ValueError take_security(Entry const& entry, Security& out) {
  std::string text;
  if (auto error = take_one_of(entry, text, "auto strict")) return error;
  out = text == "auto" ? Security::automatic : Security::strict;
  return std::nullopt;
}

ValueError take_log_format(Entry const& entry, LogFormat& out) {
  std::string text;
  if (auto error = take_one_of(entry, text, "auto human json")) return error;
  out = text == "auto"    ? LogFormat::automatic
        : text == "human" ? LogFormat::human
                          : LogFormat::json;
  return std::nullopt;
}

ValueError take_log_level(Entry const& entry, LogLevel& out) {
  std::string text;
  if (auto error = take_one_of(entry, text, "debug info warning error")) return error;
  if (text == "debug") out = LogLevel::debug;
  if (text == "info") out = LogLevel::info;
  if (text == "warning") out = LogLevel::warning;
  if (text == "error") out = LogLevel::error;
  return std::nullopt;
}

ValueError take_limit(Entry const& entry, LimitRow const& row, Limits& out) {
  std::uint64_t value = 0;
  auto const* number = std::get_if<std::int64_t>(&entry.value);
  auto const* text = std::get_if<std::string>(&entry.value);
  bool const whole = number != nullptr && *number >= 0;
  if (whole) value = static_cast<std::uint64_t>(*number);
  switch (row.unit) {
    case LimitUnit::count:
    case LimitUnit::percent:
      if (!whole) return "write a whole number, without quotes";
      break;
    case LimitUnit::octets: {
      auto const octets = text == nullptr ? std::nullopt : parse_octets(*text);
      if (!octets && !whole) return "write a size in quotes: \"50 MiB\", or a number of octets";
      if (octets) value = *octets;
      break;
    }
    case LimitUnit::duration: {
      Duration duration{0};
      if (auto error = take(entry, duration)) return error;
      value = static_cast<std::uint64_t>(duration.count());
      break;
    }
  }
  if (value < row.lowest || value > row.highest)
    return range_text(row.unit, {row.lowest, row.highest});
  out.*row.value = value;
  return std::nullopt;
}

CertificateFiles& default_pair(Config& config) {
  if (config.certificates.empty()) config.certificates.emplace_back();
  return config.certificates.front();
}

CertificateFiles& sni_pair(Config& config, std::size_t item) {
  if (config.certificates.size() < item + 2) config.certificates.resize(item + 2);
  return config.certificates[item + 1];
}
}  // namespace pb::app
