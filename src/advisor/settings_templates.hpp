// settings_templates.hpp: the texts behind settings(), with marks for what is filled in.
// Spec: settings.hpp. Marks: @HOST@ @PORT@ @USER@ @FROM@ @DOMAIN@ @INCOMING@
// @UUID1@ @UUID2@.
// Not here: filling in.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "text/message.hpp"

namespace pb::advisor {
/// How a user name is written safely inside the text.
enum class Quoting : std::uint8_t { none, xml, php, python, javascript, ruby, java, shell, url };
struct SettingsTemplate {
  std::string_view program;
  Quoting quoting;
  std::string_view starttls;
  std::string_view implicit_tls;
};
std::span<SettingsTemplate const> settings_templates();     // configuration files
std::span<SettingsTemplate const> application_templates();  // code and frameworks

/// A card: the fields of a screen in its order.
struct CardField {
  std::string_view label;     // as on that screen
  std::string_view starttls;  // marks as above
  std::string_view implicit_tls;
};
struct Card {
  std::string_view program;
  std::string_view checked;  // version and month
  std::span<CardField const> fields;
  text::Text usually_wrong;
};
std::span<Card const> cards();
}  // namespace pb::advisor
