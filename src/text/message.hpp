// message.hpp: one message in the three languages, and tables of them.
// Spec: docs/terms.md (words). A missing language, an unknown id, or placeholders that differ
// between the languages do not compile.                Not here: the messages themselves.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "text/language.hpp"

namespace pb::text {
/// {0}, {1} ... that a message names, as a bit set. Throws (at compile time) on other braces.
constexpr unsigned placeholders(std::string_view message) {
  unsigned seen = 0;
  for (std::size_t i = 0; i < message.size(); ++i) {
    char const c = message[i];
    if (c != '{' && c != '}') continue;
    if (i + 1 < message.size() && message[i + 1] == c) {
      ++i;  // "{{" and "}}" stand for one brace
      continue;
    }
    bool const positional = c == '{' && i + 2 < message.size() && message[i + 1] >= '0' &&
                            message[i + 1] <= '9' && message[i + 2] == '}';
    if (!positional) throw "a placeholder is written {0} to {9}";
    seen |= 1U << (message[i + 1] - '0');
    i += 2;
  }
  return seen;
}

/// A message in every language. Views of string literals: it lives as long as the program.
class Text {
 public:
  consteval Text(std::string_view en, std::string_view hant, std::string_view hans)
      : en_{en}, hant_{hant}, hans_{hans} {
    if (en.empty() || hant.empty() || hans.empty()) throw "a language is missing";
    if (placeholders(en) != placeholders(hant) || placeholders(en) != placeholders(hans)) {
      throw "the placeholders differ between the languages";
    }
  }
  /// One text for all: names, commands and addresses, which have no translation.
  static consteval Text same(std::string_view any) { return {any, any, any}; }

  [[nodiscard]] constexpr std::string_view in(Language language) const {
    switch (language) {
      case Language::en:
        return en_;
      case Language::zh_hant:
        return hant_;
      case Language::zh_hans:
        return hans_;
    }
    return en_;
  }

 private:
  std::string_view en_, hant_, hans_;
};

/// One row of a catalogue.
struct Message {
  std::string_view id;
  Text text;
};

/// The row called `id`; an unknown id does not compile. Use a folder's own wrapper of it.
template <std::size_t n>
consteval Text find(Message const (&catalogue)[n], std::string_view id) {
  for (auto const& row : catalogue) {
    if (row.id == id) return row.text;
  }
  throw "no message of this id";
}

/// The message in `language`, with its placeholders filled in. An argument that the message does
/// not name is left out; one that it names and does not get throws fmt::format_error, which is a
/// fault of ours (every screen has a golden test).
template <typename... Arguments>
std::string say(Language language, Text const& text, Arguments const&... arguments) {
  return fmt::format(fmt::runtime(text.in(language)), arguments...);
}
}  // namespace pb::text
