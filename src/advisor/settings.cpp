// settings.cpp: fills templates and cards in. Values are checked and quoted before.
// Spec: settings.hpp.
// Tests: settings_test.cpp
#include "advisor/settings.hpp"

#include <algorithm>

#include "advisor/messages.hpp"
#include "advisor/settings_templates.hpp"
#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "text/layout.hpp"

namespace pb::advisor {
namespace {
bool good_host(std::string_view host) {
  bool const safe = std::ranges::all_of(
      host, [](char c) { return ascii::is_alnum(c) || c == '.' || c == '-' || c == ':'; });
  return !host.empty() && host.size() <= 253 && safe;
}

bool good_user(std::string_view user) {
  return user.size() <= 320 && utf8::valid(user) && std::ranges::none_of(user, ascii::is_control);
}

std::string replaced(std::string_view text,
                     std::initializer_list<std::pair<char, std::string_view>> rules) {
  std::string out;
  for (char c : text) {
    auto const rule = std::ranges::find(rules, c, &std::pair<char, std::string_view>::first);
    if (rule == rules.end()) {
      out += c;
    } else {
      out += rule->second;
    }
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    auto const byte = static_cast<unsigned char>(c);
    bool const plain = ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4U], digits[byte & 0x0FU]};
    }
  }
  return out;
}

std::string in_quotes(std::string_view text, Quoting quoting) {
  switch (quoting) {
    case Quoting::none:
      return std::string{text};
    case Quoting::xml:
      return replaced(text, {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}});
    case Quoting::php:
    case Quoting::python:
    case Quoting::javascript:
    case Quoting::ruby:
      return replaced(text, {{'\\', "\\\\"}, {'\'', "\\'"}});
    case Quoting::java:
      return replaced(text, {{'\\', "\\\\"}, {'"', "\\\""}});
    case Quoting::shell: {
      bool const plain = std::ranges::all_of(text, [](char c) {
        return ascii::is_alnum(c) || c == '@' || c == '.' || c == '-' || c == '_' || c == '+';
      });
      return plain ? std::string{text} : "'" + replaced(text, {{'\'', "'\\''"}}) + "'";
    }
    case Quoting::url:
      return percent_encoded(text);
  }
  return {};
}

std::string domain_of(SettingsInput const& input) {
  auto const at = input.user.rfind('@');
  if (at != std::string::npos) return input.user.substr(at + 1);
  auto const dot = input.host.find('.');
  return dot == std::string::npos ? input.host : input.host.substr(dot + 1);
}

/// A UUID that is always the same for the same account, so that a new profile replaces the old one:
/// two FNV-1a sums in the form of version 8 (RFC 9562 §5.8).
std::string uuid_of(std::string_view text) {
  std::uint64_t halves[2] = {0xCBF29CE484222325ULL, 0x84222325CBF29CE4ULL};
  for (auto& half : halves) {
    for (char c : text) half = (half ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  std::uint64_t const high = (halves[0] & ~0xF000ULL) | 0x8000ULL;
  std::uint64_t const low = (halves[1] & ~(3ULL << 62U)) | (1ULL << 63U);
  return fmt::format("{:08X}-{:04X}-{:04X}-{:04X}-{:012X}", high >> 32U, (high >> 16U) & 0xFFFFU,
                     high & 0xFFFFU, low >> 48U, low & 0xFFFFFFFFFFFFULL);
}

/// Replaces the marks from left to right; what is filled in is never read again.
std::string filled(std::string_view text, SettingsInput const& input, Quoting quoting) {
  std::string const user = input.user.empty() ? "you@example.com" : input.user;
  std::string const from = user.contains('@') ? user : "you@" + domain_of(input);
  std::pair<std::string_view, std::string> const marks[] = {
      {"@HOST@", input.host},
      {"@PORT@", fmt::format("{}", input.port)},
      {"@USER@", in_quotes(user, quoting)},
      {"@FROM@", in_quotes(from, quoting == Quoting::url ? Quoting::none : quoting)},
      {"@DOMAIN@", in_quotes(domain_of(input), quoting)},
      {"@INCOMING@",
       input.incoming.empty() ? "imap." + in_quotes(domain_of(input), quoting) : input.incoming},
      {"@UUID1@", uuid_of("profile " + input.host + " " + user)},
      {"@UUID2@", uuid_of("account " + input.host + " " + user)}};
  std::string out;
  while (!text.empty()) {
    auto const mark = std::ranges::find_if(
        marks, [&](auto const& entry) { return text.starts_with(entry.first); });
    if (mark == std::end(marks)) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += mark->second;
      text.remove_prefix(mark->first.size());
    }
  }
  return out;
}

std::string card_text(Card const& card, Program const& program, SettingsInput const& input,
                      text::Language language) {
  std::string out = fmt::format("{}  ({})\n\n", program.name, card.checked);
  text::Table table;
  for (auto const& field : card.fields) {
    auto const value = input.security == Security::starttls ? field.starttls : field.implicit_tls;
    std::string shown = filled(value, input, Quoting::none);
    if (value == "on") shown = text::say(language, msg("settings.on"));
    if (value == "-") shown = text::say(language, msg("settings.off"));
    table.row({std::string{field.label}, shown});
  }
  out += table.render() + "\n";
  return out + text::paragraph("  " + std::string{msg("settings.wrong").in(language)} + " ",
                               card.usually_wrong.in(language), 80);
}
}  // namespace

std::expected<std::string, SettingsError> settings(Program const& program,
                                                   SettingsInput const& input,
                                                   text::Language language) {
  bool const good_incoming = input.incoming.empty() || good_host(input.incoming);
  if (!good_host(input.host) || !good_incoming) return std::unexpected{SettingsError::bad_host};
  if (!good_user(input.user)) return std::unexpected{SettingsError::bad_user};
  bool const starttls = input.security == Security::starttls;
  // Thunderbird reads what a domain publishes for it.
  auto const id = program.id == "thunderbird" ? std::string_view{"autoconfig"} : program.id;
  for (auto templates : {settings_templates(), application_templates()}) {
    for (auto const& row : templates) {
      if (row.program != id) continue;
      auto const text = starttls ? row.starttls : row.implicit_tls;
      if (text.empty()) return std::unexpected{SettingsError::cannot};
      bool const one_word = row.quoting == Quoting::none && input.user.contains(' ');
      if (one_word) return std::unexpected{SettingsError::bad_user};
      return filled(text, input, row.quoting);
    }
  }
  auto const card = std::ranges::find(cards(), program.id, &Card::program);
  if (card == cards().end()) return std::unexpected{SettingsError::not_written};
  return card_text(*card, program, input, language);
}

std::vector<Program const*> writable_programs() {
  std::vector<Program const*> out;
  for (auto const& program : programs()) {
    SettingsInput const input{.host = "smtp.example.com", .user = {}};
    if (settings(program, input, text::Language::en)) out.push_back(&program);
  }
  return out;
}
}  // namespace pb::advisor
