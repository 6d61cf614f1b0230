// explain.cpp: texts are folded to letters and digits first, so that wrapping, HTML, quoting and
// the hyphens of many-line replies make no difference; then each symptom is looked for.
// Spec: explain.hpp; HTML character references; RFC 5321 §4.2.1 (reply lines).
// Tests: explain_test.cpp
#include "advisor/explain.hpp"

#include <algorithm>
#include <array>

#include "advisor/ports.hpp"
#include "advisor/providers.hpp"
#include "base/ascii.hpp"
#include "base/ids.hpp"
#include "base/ip.hpp"
#include "base/utf8.hpp"

namespace pb::advisor {
namespace {
constexpr std::size_t gap_max = 500;       // folded octets that '*' may stand for
constexpr std::size_t truncated_min = 14;  // folded octets of a cut text that still count

struct Folded {
  std::string text;
  std::vector<std::uint32_t> line;  // of each octet of text, from 1
};

struct Entity {
  std::string_view name, value;
};
constexpr std::array entities{Entity{"&lt;", "<"},    Entity{"&gt;", ">"},   Entity{"&amp;", "&"},
                              Entity{"&quot;", "\""}, Entity{"&nbsp;", " "}, Entity{"&apos;", "'"}};

/// Takes "&#8217;" or "&quot;" off the front; empty when none stands there.
std::string_view take_entity(std::string_view& text) {
  for (auto const& entity : entities) {
    if (!text.starts_with(entity.name)) continue;
    text.remove_prefix(entity.name.size());
    return entity.value;
  }
  if (!text.starts_with("&#")) return {};
  auto const end = text.substr(0, 10).find(';');
  if (end == std::string_view::npos) return {};
  text.remove_prefix(end + 1);
  return " ";  // numbered references in error texts are quotes and spaces
}

/// Full-width letters and digits to ASCII; 0 for what folding drops.
char32_t fold_character(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
  if (c < 0x80) {
    char const narrow = ascii::lower(static_cast<char>(c));
    // An asterisk is kept: a masked banner is told by nothing else.
    return ascii::is_alnum(narrow) || narrow == '*' ? static_cast<char32_t>(narrow) : 0;
  }
  bool const punctuation = (c >= 0x2000 && c <= 0x206F) || (c >= 0x3000 && c <= 0x303F) ||
                           (c >= 0xFF00 && c <= 0xFF65) || c == 0xA0 || c == 0xB7;
  return punctuation ? 0 : c;
}

Folded fold(std::string_view text) {
  Folded out;
  std::uint32_t line = 1;
  while (!text.empty()) {
    if (text.front() == '&' && !take_entity(text).empty()) continue;
    if (text.front() == '\n') ++line;
    auto const c = utf8::take(text);
    if (!c) {
      text.remove_prefix(1);
      continue;
    }
    if (char32_t const folded = fold_character(*c); folded != 0) {
      utf8::append(out.text, folded);
      out.line.resize(out.text.size(), line);
    }
  }
  return out;
}

struct Pattern {
  Symptom const* symptom = nullptr;
  std::vector<std::string> parts;
  std::size_t size = 0;
};

/// "220 ****" keeps its asterisks: only a lone '*' is a gap.
std::vector<Pattern> const& patterns() {
  static std::vector<Pattern> const all = [] {
    std::vector<Pattern> out;
    for (auto const& symptom : symptoms()) {
      Pattern pattern{.symptom = &symptom, .parts = {}};
      std::string_view rest = symptom.text;
      for (;;) {
        auto const at = rest.find(" * ");
        auto part = fold(rest.substr(0, at)).text;
        pattern.size += part.size();
        pattern.parts.push_back(std::move(part));
        if (at == std::string_view::npos) break;
        rest.remove_prefix(at + 3);
      }
      out.push_back(std::move(pattern));
    }
    return out;
  }();
  return all;
}

struct Match {
  Pattern const* pattern = nullptr;
  std::size_t at = 0;
  bool cut = false;
};

std::optional<std::size_t> find_parts(std::string_view text, Pattern const& pattern) {
  for (std::size_t from = 0;;) {
    auto const first = text.find(pattern.parts.front(), from);
    if (first == std::string_view::npos) return std::nullopt;
    std::size_t end = first + pattern.parts.front().size();
    bool all = true;
    for (std::size_t i = 1; i < pattern.parts.size() && all; ++i) {
      auto const window = text.substr(end, gap_max + pattern.parts[i].size());
      auto const next = window.find(pattern.parts[i]);
      all = next != std::string_view::npos;
      if (all) end += next + pattern.parts[i].size();
    }
    if (all) return first;
    from = first + pattern.parts.front().size();
  }
}

/// The text breaks off within the pattern, or begins within it.
std::optional<std::size_t> find_cut(std::string_view text, Pattern const& pattern) {
  bool const general = pattern.symptom->weight == Weight::general;
  if (pattern.parts.size() != 1 || general) return std::nullopt;
  std::string_view const whole = pattern.parts.front();
  std::size_t const least = std::max(truncated_min, whole.size() * 2 / 5);
  for (std::size_t n = std::min(text.size(), whole.size()); n >= least; --n) {
    if (text.ends_with(whole.substr(0, n))) return text.size() - n;
    if (text.starts_with(whole.substr(whole.size() - n))) return 0;
  }
  return std::nullopt;
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](auto word) { return text.contains(word); });
}

bool is_source_file(std::string_view before_colon) {
  auto const dot = before_colon.rfind('.');
  if (dot == std::string_view::npos) return false;
  auto const extension = before_colon.substr(dot + 1);
  constexpr std::array<std::string_view, 9> source_files{"c",    "js", "py", "php", "go",
                                                         "java", "rb", "cs", "ts"};
  return std::ranges::find(source_files, extension) != source_files.end();
}

/// Ports that a text names: ":587", "port 587", "port: 587", "/587".
std::vector<unsigned> named_ports(std::string_view text) {
  std::vector<unsigned> out;
  for (std::size_t i = 1; i < text.size() && out.size() < 100; ++i) {
    if (!ascii::is_digit(text[i]) || ascii::is_digit(text[i - 1])) continue;
    std::size_t end = i;
    while (end < text.size() && ascii::is_digit(text[end]) && end - i < 6) ++end;
    std::string const before = ascii::to_lower(text.substr(i > 8 ? i - 8 : 0, i > 8 ? 8 : i));
    bool const colon = before.ends_with(':') && i >= 2;
    // "_ssl.c:1006" and "index.js:12" are lines of a program, not ports.
    if (colon && is_source_file(before.substr(0, before.size() - 1))) continue;
    bool const host = colon && (ascii::is_alpha(text[i - 2]) || text[i - 2] == ']');
    // A clock ("18:02:11") has a colon after a number too; ports have more digits.
    bool const address = colon && ascii::is_digit(text[i - 2]) && end - i >= 3;
    std::string_view const word = ascii::trim(before);
    bool const port = word.ends_with("port") || word.ends_with("port:") || word.ends_with("埠") ||
                      word.ends_with("端口");
    if ((host || port || address) && end - i >= 2 && end - i <= 5) {
      out.push_back(static_cast<unsigned>(std::stoul(std::string{text.substr(i, end - i)})));
    }
    i = end;
  }
  return out;
}

/// Another service is spoken of, and mail is not.
bool is_foreign(std::string_view text, std::vector<unsigned> const& named) {
  std::string const lower = ascii::to_lower(text);
  if (contains_any(lower, {"smtp", "mail", "starttls", "submission"})) return false;
  bool const mail_port = std::ranges::any_of(named, [](unsigned port) {
    return port != 443 && port != 80 && find_port(static_cast<std::uint16_t>(port)) != nullptr;
  });
  if (mail_port) return false;
  if (!named.empty()) return true;
  return contains_any(
      lower, {"http://", "https://", "mysql",      "mariadb", "postgres", "redis",        "mongodb",
              "ssh",     "imap",     "pop3",       "ftp",     "ldap",     "docker",       "git ",
              "npm",     "pip ",     "kubernetes", "amqp",    "kafka",    "elasticsearch"});
}

bool better(Match const& a, Match const& b) {
  auto const rank = [](Match const& m) {
    return std::tuple{!m.cut, m.pattern->symptom->weight, m.pattern->size};
  };
  return rank(a) > rank(b);
}

/// Nothing around the system's words says that it is about mail; that the person asks us does.
std::optional<Match> whole_match(std::string_view folded) {
  for (auto const& pattern : patterns()) {
    bool const bare = pattern.symptom->weight == Weight::bare;
    if (bare && pattern.parts.front() == folded) return Match{&pattern, 0, false};
  }
  return std::nullopt;
}

std::optional<Match> best_match(std::string_view folded, bool foreign) {
  if (auto const whole = whole_match(folded)) return whole;
  std::optional<Match> best;
  for (bool const cut : {false, true}) {
    for (auto const& pattern : patterns()) {
      if (pattern.symptom->weight == Weight::bare) continue;
      if (pattern.symptom->weight == Weight::general && foreign) continue;
      auto const at = cut ? find_cut(folded, pattern) : find_parts(folded, pattern);
      if (!at) continue;
      Match const match{&pattern, *at, cut};
      if (!best || better(match, *best)) best = match;
    }
    if (best) break;
  }
  return best;
}

/// Words with a dot in them that look like host names or addresses, lower case.
std::vector<std::string> host_names(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  for (std::size_t i = 0; i <= text.size() && out.size() < 50; ++i) {
    char const c = i < text.size() ? text[i] : ' ';
    if (ascii::is_alnum(c) || c == '.' || c == '-') {
      if (word.size() < 256) word += ascii::lower(c);
      continue;
    }
    while (word.ends_with('.')) word.pop_back();
    while (word.starts_with('.')) word.erase(0, 1);
    auto const dot = word.rfind('.');
    if (dot != std::string::npos && dot + 2 < word.size()) out.push_back(word);
    word.clear();
  }
  return out;
}

std::string_view last_labels(std::string_view host) {
  auto const dot = host.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return host;
  auto const before = host.rfind('.', dot - 1);
  return before == std::string_view::npos ? host : host.substr(before + 1);
}

bool names_loopback(std::string_view text) {
  std::string const lower = ascii::to_lower(text);
  return contains_any(lower, {"127.0.0.1", "localhost", " ::1", "[::1]"});
}

/// A name that does not match: whose name stands in the certificate decides (rows 24 to 26).
Fault sharpen_name_mismatch(std::string_view text) {
  auto const names = host_names(text);
  bool provider = false;
  bool stranger = false;
  if (names_loopback(text)) return Fault::cert_for_name_not_address;
  for (auto const& name : names) {
    if (IpAddress::parse(name)) return Fault::cert_for_name_not_address;
    provider = provider || provider_of_host(name) != nullptr;
  }
  for (auto const& name : names) {
    bool const known = std::ranges::any_of(names, [&](auto const& other) {
      return provider_of_host(other) != nullptr && last_labels(other) == last_labels(name);
    });
    stranger = stranger || (provider && !known);
  }
  return stranger ? Fault::smtp_redirected : Fault::cert_name_mismatch;
}

/// An IPv6 address of the internet stands in the text.
bool names_ipv6(std::string_view text) {
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    char const c = i < text.size() ? text[i] : ' ';
    if (ascii::is_hex(c) || c == ':') {
      if (word.size() < 64) word += c;
      continue;
    }
    while (word.ends_with(':') && !word.ends_with("::")) word.pop_back();
    for (int ports = 0; ports < 2 && std::ranges::count(word, ':') >= 2; ++ports) {
      auto const address = IpAddress::parse(word);
      if (address && address->is_v6()) return !address->is_loopback();
      word.resize(word.rfind(':'));  // "2001:db8::1:587" is how nodemailer adds the port
    }
    word.clear();
  }
  return false;
}

/// A refused login: services and mailboxes with a code of their own (rows 31, 36, 51).
Fault sharpen_login(std::string_view text) {
  for (auto const& name : host_names(text)) {
    auto const* provider = provider_of_host(name);
    if (provider == nullptr) continue;
    if (provider->sending_service) return Fault::service_key_required;
    if (provider->login == LoginRule::authorization_code) {
      return Fault::authorization_code_required;
    }
  }
  return Fault::login_refused;
}

Fault sharpen(Fault fault, std::string_view text, std::vector<unsigned> const& named) {
  bool const no_way = fault == Fault::host_unreachable || fault == Fault::network_unreachable;
  if (no_way && names_ipv6(text)) return Fault::ipv6_broken;
  if (fault == Fault::connection_refused && names_loopback(text)) return Fault::loopback_refused;
  if (fault == Fault::login_refused) return sharpen_login(text);
  if (fault == Fault::cert_name_mismatch) return sharpen_name_mismatch(text);
  bool const tls_port = std::ranges::any_of(named, [](unsigned port) {
    auto const* info = find_port(static_cast<std::uint16_t>(port));
    return info != nullptr && info->security == Security::implicit_tls;
  });
  bool const other_port = !named.empty() && !tls_port;
  if (fault == Fault::cleartext_on_tls_port && other_port) return Fault::silent_after_connect;
  return fault;
}
}  // namespace

std::optional<Explanation> explain(std::string_view text) {
  text = text.substr(0, explain_octets_max);
  Folded const folded = fold(text);
  auto const named = named_ports(text);
  auto const match = best_match(folded.text, is_foreign(text, named));
  if (!match) return std::nullopt;
  Explanation out{.fault = sharpen(match->pattern->symptom->fault, text, named),
                  .others = {},
                  .symptom = match->pattern->symptom,
                  .line = folded.line.empty() ? 1 : folded.line[match->at],
                  .quote = {},
                  .whole_log = ascii::trim(text).contains('\n'),
                  .port = {}};
  for (Fault other : lookalikes(out.symptom->fault)) {
    if (other != out.fault) out.others.push_back(other);
  }
  if (out.fault != out.symptom->fault) out.others.insert(out.others.begin(), out.symptom->fault);
  auto const lines = ascii::split(text, '\n');
  out.quote = ascii::trim(lines[std::min(out.line, lines.size()) - 1]);
  for (unsigned port : named) {
    if (find_port(static_cast<std::uint16_t>(port)) != nullptr) {
      out.port = static_cast<std::uint16_t>(port);
    }
  }
  return out;
}

Shape shape_of(std::string_view text) {
  text = ascii::trim(text);
  if (text.empty() || text.find_first_of(" \t\n") != std::string_view::npos) {
    return Shape::error_text;
  }
  bool const host_characters = std::ranges::all_of(
      text, [](char c) { return ascii::is_alnum(c) || c == '-' || c == '.' || (c & 0x80) != 0; });
  if (host_characters && text.contains('.') && !ascii::is_digit(text.back())) return Shape::domain;
  if (QueueId::parse(text) && std::ranges::any_of(text, ascii::is_digit)) return Shape::queue_id;
  return Shape::error_text;
}
}  // namespace pb::advisor
