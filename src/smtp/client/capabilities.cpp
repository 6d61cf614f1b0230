// capabilities.cpp: an EHLO reply's lines as facts.
// Spec: RFC 5321 §4.1.1.1: ehlo-line = ehlo-keyword *( SP ehlo-param ).  Tests:
// capabilities_test.cpp
#include "smtp/client/capabilities.hpp"

#include <charconv>

#include "base/ascii.hpp"

namespace pb::smtp::client {
namespace {
constexpr std::size_t keywords_max = 200;
constexpr std::size_t mechanisms_max = 64;

struct Flag {
  std::string_view keyword;
  bool Capabilities::* member;
};
constexpr Flag flags[] = {{"PIPELINING", &Capabilities::pipelining},
                          {"CHUNKING", &Capabilities::chunking},
                          {"8BITMIME", &Capabilities::eight_bit_mime},
                          {"SMTPUTF8", &Capabilities::smtputf8},
                          {"DSN", &Capabilities::dsn},
                          {"STARTTLS", &Capabilities::starttls},
                          {"DELIVERBY", &Capabilities::deliverby},
                          {"MT-PRIORITY", &Capabilities::mt_priority},
                          {"REQUIRETLS", &Capabilities::require_tls},
                          {"SIZE", &Capabilities::size}};

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// limits: "RCPTMAX=20" (RFC 9422 §4): a value of 0 is no limit that we could keep; it is ignored.
void take_limit(std::string_view parameter, Capabilities& out) {
  auto const equals = parameter.find('=');
  if (equals == std::string_view::npos) return;
  auto const value = number<std::size_t>(parameter.substr(equals + 1));
  if (!value || *value == 0) return;
  std::string_view const name = parameter.substr(0, equals);
  if (ascii::iequals(name, "MAILMAX")) out.mail_max = value;
  if (ascii::iequals(name, "RCPTMAX")) out.rcpt_max = value;
  if (ascii::iequals(name, "RCPTDOMAINMAX")) out.rcpt_domain_max = value;
}

void take_mechanism(std::string_view mechanism, Capabilities& out) {
  if (mechanism.empty() || out.auth_mechanisms.size() == mechanisms_max) return;
  out.auth_mechanisms.push_back(ascii::to_upper(mechanism));
}

void take_line(std::string_view line, Capabilities& out) {
  auto words = ascii::split(line, ' ');
  std::string_view keyword = words.front();
  // "AUTH=LOGIN PLAIN": the form of servers older than RFC 2554, still sent beside the right one.
  if (ascii::istarts_with(keyword, "AUTH=")) {
    take_mechanism(keyword.substr(5), out);
    keyword = keyword.substr(0, 4);
  }
  for (Flag const& flag : flags)
    if (ascii::iequals(keyword, flag.keyword)) out.*flag.member = true;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (ascii::iequals(keyword, "AUTH")) take_mechanism(words[i], out);
    if (ascii::iequals(keyword, "LIMITS")) take_limit(words[i], out);
  }
  if (ascii::iequals(keyword, "SIZE") && words.size() > 1) {
    auto const octets = number<std::uint64_t>(words[1]);
    if (octets && *octets != 0) out.message_octets_max = octets;  // RFC 1870 §4: 0 is no limit
  }
}
}  // namespace

Capabilities parse_ehlo(std::string_view text) {
  Capabilities out;
  out.esmtp = true;
  auto const lines = ascii::split(text, '\n');
  std::string_view const first = lines.front();
  out.server_name = std::string{first.substr(0, first.find(' '))};
  for (std::size_t i = 1; i < lines.size() && out.keywords.size() < keywords_max; ++i) {
    std::string_view const line = ascii::trim(lines[i]);
    if (line.empty()) continue;
    out.keywords.emplace_back(line);
    take_line(line, out);
  }
  return out;
}
}  // namespace pb::smtp::client
