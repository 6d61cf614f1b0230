// language.cpp: reads language tags and locale names.
// Spec: RFC 5646 §2.1; POSIX.1-2017 "Locale" (language[_territory][.codeset][@modifier]).
// Tests: text_test.cpp
#include "text/language.hpp"

#include <algorithm>
#include <string>

#include "base/ascii.hpp"

namespace pb::text {
namespace {
bool is_any(std::string_view part, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&](auto name) { return ascii::iequals(part, name); });
}
}  // namespace

std::string_view tag(Language language) {
  switch (language) {
    case Language::en:
      return "en";
    case Language::zh_hant:
      return "zh-Hant";
    case Language::zh_hans:
      return "zh-Hans";
  }
  return "en";
}

std::optional<Language> parse_language(std::string_view name) {
  name = ascii::trim(name.substr(0, name.find_first_of(".@:")));
  std::string subtags{name};
  std::ranges::replace(subtags, '_', '-');
  auto const parts = ascii::split(subtags, '-');
  if (is_any(parts.front(), {"en", "C", "POSIX"})) return Language::en;
  if (is_any(parts.front(), {"zht", "cht"})) return Language::zh_hant;
  if (is_any(parts.front(), {"zhs", "chs"})) return Language::zh_hans;
  if (!is_any(parts.front(), {"zh"})) return std::nullopt;
  for (auto part : parts) {
    if (is_any(part, {"Hant"})) return Language::zh_hant;
    if (is_any(part, {"Hans"})) return Language::zh_hans;
  }
  for (auto part : parts) {
    if (is_any(part, {"TW", "HK", "MO"})) return Language::zh_hant;
  }
  return Language::zh_hans;
}

Language choose_language(LanguageSources const& sources) {
  for (auto wish :
       {sources.flag, sources.packetboat_lang, sources.lc_all, sources.lc_messages, sources.lang}) {
    if (!wish.empty()) return parse_language(wish).value_or(Language::en);
  }
  return Language::en;
}
}  // namespace pb::text
