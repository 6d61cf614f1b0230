// aliases.cpp: reading alias files.
// Spec: docs/reference (domain.aliases).                               Tests: aliases_test.cpp
#include "delivery/aliases.hpp"

#include <optional>

#include "base/ascii.hpp"

namespace pb::delivery {
namespace {
std::optional<AliasErrorKind> refusal_of(std::string_view target) {
  if (target.starts_with('"')) target.remove_prefix(1);
  if (target.starts_with('|')) return AliasErrorKind::program;
  if (target.starts_with('/')) return AliasErrorKind::file;
  if (ascii::istarts_with(target, ":include:")) return AliasErrorKind::include;
  return std::nullopt;
}

bool is_address(std::string_view text) {
  return mail::parse_mailbox(text, mail::Utf8::allow).has_value();
}
bool is_local_part(std::string_view text) {
  return text.find('@') == std::string_view::npos && is_address(std::string{text} + "@a.example");
}

/// Logical lines: a line that begins with a blank continues the one before.
struct Logical {
  std::string text;
  std::size_t line;
};
std::vector<Logical> logical_lines(std::string_view text) {
  std::vector<Logical> out;
  std::size_t number = 0;
  for (std::string_view line : ascii::split(text, '\n')) {
    ++number;
    bool const continues = !line.empty() && ascii::is_wsp(line.front());
    std::string_view const comment_free = line.substr(0, line.find('#'));
    std::string_view const content = ascii::trim(comment_free);
    if (content.empty()) continue;
    if (continues && !out.empty())
      out.back().text += ' ' + std::string{content};
    else
      out.push_back({std::string{content}, number});
  }
  return out;
}
}  // namespace

std::string_view explain(AliasErrorKind kind) {
  switch (kind) {
    case AliasErrorKind::no_colon:
      return "write NAME: TARGET, TARGET";
    case AliasErrorKind::bad_name:
      return "the name in front of the colon is no local part";
    case AliasErrorKind::no_target:
      return "no target stands behind the colon";
    case AliasErrorKind::bad_target:
      return "a target is a local name or an address";
    case AliasErrorKind::program:
      return "aliases run no programs; deliver to an account and let a program read its mailbox";
    case AliasErrorKind::file:
      return "aliases write no files; deliver to an account's Maildir";
    case AliasErrorKind::include:
      return "aliases include no files; write the targets here";
    case AliasErrorKind::twice:
      return "the name has a rule already";
    case AliasErrorKind::too_many_rules:
      return "more than 100,000 rules";
    case AliasErrorKind::too_many_targets:
      return "more than 1,000 targets in one rule";
  }
  return {};
}

std::expected<AliasTable, std::vector<AliasError>> AliasTable::parse(std::string_view text) {
  AliasTable table;
  std::vector<AliasError> errors;
  for (Logical const& logical : logical_lines(text)) {
    auto const fail = [&](AliasErrorKind kind, std::string_view about = {}) {
      errors.push_back({kind, logical.line, std::string{about}});
    };
    auto const colon = logical.text.find(':');
    if (colon == std::string::npos) {
      fail(AliasErrorKind::no_colon);
      continue;
    }
    std::string const name =
        ascii::to_lower(ascii::trim(std::string_view{logical.text}.substr(0, colon)));
    std::string_view const right = ascii::trim(std::string_view{logical.text}.substr(colon + 1));
    std::vector<std::string> targets;
    if (!is_local_part(name)) fail(AliasErrorKind::bad_name, name);
    if (right.find_first_not_of(" \t,") == std::string_view::npos) fail(AliasErrorKind::no_target);
    for (std::string_view target : ascii::split(right, ',')) {
      target = ascii::trim(target);
      if (target.empty()) continue;
      if (auto const refusal = refusal_of(target))
        fail(*refusal, target);
      else if (!is_local_part(target) && !is_address(target))
        fail(AliasErrorKind::bad_target, target);
      else
        targets.emplace_back(target);
    }
    if (targets.size() > alias_targets_max) fail(AliasErrorKind::too_many_targets);
    if (table.rules_.size() == alias_rules_max) {
      fail(AliasErrorKind::too_many_rules);
      break;
    }
    if (!table.rules_.emplace(name, std::move(targets)).second) fail(AliasErrorKind::twice, name);
  }
  if (!errors.empty()) return std::unexpected{std::move(errors)};
  return table;
}
}  // namespace pb::delivery
