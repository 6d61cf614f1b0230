// tag_list.cpp: see tag_list.hpp.                                           Spec: RFC 6376 §3.2.
#include "dkim/tag_list.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/encoding.hpp"

namespace pb::dkim {
namespace {
constexpr std::size_t tags_max = 64;  // far more than any standard defines

bool is_fws(char c) { return ascii::is_wsp(c) || c == '\r' || c == '\n'; }

/// tag-name = ALPHA *( ALPHA / DIGIT / "_" )
bool is_tag_name(std::string_view name) {
  return !name.empty() && ascii::is_alpha(name.front()) &&
         std::ranges::all_of(name, [](char c) { return ascii::is_alnum(c) || c == '_'; });
}
}  // namespace

/// tag-list = tag-spec *( ";" tag-spec ) [ ";" ]
std::optional<TagList> TagList::parse(std::string_view text) {
  TagList list;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    std::size_t const semicolon = std::min(text.find(';', begin), text.size());
    std::string_view const part = text.substr(begin, semicolon - begin);
    bool const last = semicolon == text.size();
    if (ascii::trim(part).empty()) {
      // Only the part behind the last ';' may be empty.
      if (!last || list.tags_.empty()) return std::nullopt;
      break;
    }
    std::size_t const equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    Tag tag{ascii::trim(part.substr(0, equals)), ascii::trim(part.substr(equals + 1)),
            begin + equals + 1, semicolon};
    if (!is_tag_name(tag.name) || list.find(tag.name) != nullptr) return std::nullopt;
    if (list.tags_.size() == tags_max) return std::nullopt;
    list.tags_.push_back(tag);
    begin = semicolon + 1;
  }
  return list;
}

Tag const* TagList::find(std::string_view name) const {
  auto const at = std::ranges::find(tags_, name, &Tag::name);
  return at == tags_.end() ? nullptr : &*at;
}

std::string without_fws(std::string_view value) {
  std::string out(value.size(), '\0');
  out.resize(static_cast<std::size_t>(std::ranges::remove_copy_if(value, out.begin(), is_fws).out -
                                      out.begin()));
  return out;
}

std::optional<std::string> decode_base64_fws(std::string_view value) {
  std::string text = without_fws(value);
  if (!text.contains('=')) text.append((4 - text.size() % 4) % 4, '=');
  return base64_decode(text);
}

std::expected<std::uint64_t, NumberError> parse_number(std::string_view digits,
                                                       std::size_t digits_max) {
  if (digits.empty() || !std::ranges::all_of(digits, ascii::is_digit)) {
    return std::unexpected{NumberError::malformed};
  }
  if (digits.size() > digits_max) return std::unexpected{NumberError::too_long};
  std::uint64_t value = 0;
  for (char c : digits) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}
}  // namespace pb::dkim
