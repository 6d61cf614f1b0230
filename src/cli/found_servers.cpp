// found_servers.cpp: see found_servers.hpp. Files are read to 256 KiB, one line at a time.
// Spec: msmtp(1), postconf(5) relayhost, WP Mail SMTP's constants, .env of Laravel, Django,
// Symfony. Tests: found_servers_test.cpp
#include "cli/found_servers.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>

#include "base/ascii.hpp"

namespace pb::cli {
namespace {
constexpr std::size_t file_octets_max = 256 * 1024;

std::string_view bare(std::string_view text) {
  text = ascii::trim(text);
  while (!text.empty() && (text.front() == '"' || text.front() == '\'')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '"' || text.back() == '\'')) text.remove_suffix(1);
  return text;
}

bool is_host(std::string_view text) {
  bool const safe = std::ranges::all_of(
      text, [](char c) { return ascii::is_alnum(c) || c == '.' || c == '-' || c == ':'; });
  return safe && !text.empty() && text.size() <= 253 && text != "null";
}

std::uint16_t port_in(std::string_view text) {
  std::uint16_t port = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() ? port : std::uint16_t{0};
}

/// "[smtp.example.com]:587", "smtp.example.com:587", "smtp.example.com".
FoundServer host_and_port(std::string_view text) {
  FoundServer out;
  auto const colon = text.rfind(':');
  bool const bracket = text.starts_with('[');
  auto const close = text.find(']');
  if (colon != std::string_view::npos && (!bracket || close < colon)) {
    out.port = port_in(text.substr(colon + 1));
    text = text.substr(0, colon);
  }
  if (bracket) text = text.substr(1, std::min(close, text.size()) - 1);
  out.host = text;
  return out;
}

/// NAME=VALUE, define('NAME', VALUE), "NAME VALUE": the two words of a line.
std::pair<std::string_view, std::string_view> setting(std::string_view line) {
  line = ascii::trim(line);
  if (line.starts_with('#') || line.starts_with("//") || line.starts_with(';')) return {};
  if (line.starts_with("define")) {
    auto const open = line.find('(');
    auto const comma = line.find(',');
    auto const close = line.rfind(')');
    if (open >= comma || comma >= close || close == std::string_view::npos) return {};
    return {bare(line.substr(open + 1, comma - open - 1)),
            bare(line.substr(comma + 1, close - comma - 1))};
  }
  auto const end = line.find_first_of("= \t");
  if (end == std::string_view::npos) return {};
  auto value = ascii::trim(line.substr(end));
  if (value.starts_with('=')) value.remove_prefix(1);
  return {ascii::trim(line.substr(0, end)), bare(value)};
}

constexpr std::string_view host_names[] = {"host",       "WPMS_SMTP_HOST", "MAIL_HOST", "SMTP_HOST",
                                           "EMAIL_HOST", "SMTP_SERVER",    "relayhost"};
constexpr std::string_view port_names[] = {"port", "WPMS_SMTP_PORT", "MAIL_PORT", "SMTP_PORT",
                                           "EMAIL_PORT"};

template <std::size_t n>
bool is_one_of(std::string_view word, std::string_view const (&names)[n]) {
  return std::ranges::find(names, word) != std::end(names);
}

std::string folder_of(char const* variable) {
  char const* value = std::getenv(variable);
  return value == nullptr ? std::string{} : std::string{value};
}
}  // namespace

std::vector<FoundServer> servers_in(std::string const& file, std::string_view text) {
  std::vector<FoundServer> out;
  auto const add = [&](FoundServer one) {
    one.file = file;
    if (is_host(one.host)) out.push_back(std::move(one));
  };
  for (auto line : ascii::split(text, '\n')) {
    auto const [name, value] = setting(line);
    if (name == "MAILER_DSN" || name == "MAIL_URL" || name == "EMAIL_URL") {
      // smtp://user:password@HOST:PORT?...: only what stands behind the last @.
      auto const scheme = value.find("://");
      if (!value.starts_with("smtp") || scheme == std::string_view::npos) continue;
      auto rest = value.substr(scheme + 3);
      if (auto const at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
      add(host_and_port(rest.substr(0, std::min(rest.find_first_of("/?"), rest.size()))));
    } else if (is_one_of(name, host_names)) {
      add(host_and_port(value));
    } else if (is_one_of(name, port_names) && !out.empty() && out.back().port == 0) {
      out.back().port = port_in(value);
    }
  }
  return out;
}

std::vector<FoundServer> find_servers() {
  std::string const home = folder_of("HOME");
  std::string const config = folder_of("XDG_CONFIG_HOME");
  std::vector<FoundServer> out;
  for (std::string const& file :
       {home + "/.msmtprc", (config.empty() ? home + "/.config" : config) + "/msmtp/config",
        std::string{"/etc/msmtprc"}, std::string{"/etc/postfix/main.cf"},
        std::string{"wp-config.php"}, std::string{"../wp-config.php"}, std::string{".env"}}) {
    std::ifstream in{file, std::ios::binary};
    if (!in) continue;
    std::string text(file_octets_max, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    for (auto& one : servers_in(file, text)) {
      bool const known = std::ranges::any_of(out, [&](FoundServer const& other) {
        return other.host == one.host && other.port == one.port;
      });
      if (!known && out.size() < 20) out.push_back(std::move(one));
    }
  }
  return out;
}
}  // namespace pb::cli
