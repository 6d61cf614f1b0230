// language.hpp: the languages that Packetboat speaks, and which one a person wants.
// Spec: RFC 5646 (tags such as zh-Hant-TW); POSIX locale names (zh_TW.UTF-8).
// Not here: the messages (each folder's messages.hpp), reading the environment (cli/).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pb::text {
enum class Language : std::uint8_t { en, zh_hant, zh_hans };
inline constexpr std::array all_languages{Language::en, Language::zh_hant, Language::zh_hans};

/// "en", "zh-Hant" or "zh-Hans": what --lang takes and lang= in HTML wants.
std::string_view tag(Language language);
/// A language tag or a locale name. Script outranks region; TW, HK and MO read Traditional; CN, SG,
/// MY and a bare "zh" Simplified; "C" and "POSIX" are English. nullopt: a language we do not speak.
std::optional<Language> parse_language(std::string_view name);

/// Where the wish may stand, the strongest first. Unset and empty are the same (POSIX).
struct LanguageSources {
  std::string_view flag{};             // --lang
  std::string_view packetboat_lang{};  // PACKETBOAT_LANG
  std::string_view lc_all{};
  std::string_view lc_messages{};
  std::string_view lang{};
};
/// The first source that is set decides; one that names a language we do not speak gives English.
Language choose_language(LanguageSources const& sources);
}  // namespace pb::text
