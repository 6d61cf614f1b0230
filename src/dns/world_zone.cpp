// world_zone.cpp: see world_zone.hpp.                                       Spec: RFC 1035 §5.1.
#include "dns/world_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "dns/name.hpp"
#include "dns/world_yaml.hpp"

namespace pb::dns {
namespace {
struct Word {
  std::string text;
  bool quoted = false;
};
/// One entry: its words, parentheses opened; `begins_blank` when it takes the owner of the last.
struct Entry {
  std::vector<Word> words;
  bool begins_blank = false;
  std::size_t line = 0;
};

/// Takes entries off the text; a line is one unless a parenthesis is open.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_{text} {}
  /// nullopt at the end; an entry without words for empty lines.
  std::optional<Entry> next();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  Word take_word();
  Word take_quoted();
  /// "\." or "\123" (§5.1), the backslash taken already.
  char take_escaped();
  std::string_view rest_;
  std::size_t line_ = 1;
  bool broken_ = false;
};

char Tokens::take_escaped() {
  if (rest_.empty()) return '\\';
  bool const decimal =
      rest_.size() >= 3 && std::ranges::all_of(rest_.substr(0, 3), ascii::is_digit);
  if (!decimal) {
    char const c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  unsigned value = 0;
  for (char c : rest_.substr(0, 3)) value = value * 10 + static_cast<unsigned>(c - '0');
  rest_.remove_prefix(3);
  return static_cast<char>(value & 0xFF);
}

Word Tokens::take_quoted() {
  Word out{"", true};
  rest_.remove_prefix(1);
  while (!rest_.empty() && rest_.front() != '"') {
    char const c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '\n') ++line_;
    out.text.push_back(c == '\\' ? take_escaped() : c);
  }
  broken_ = broken_ || rest_.empty();
  if (!rest_.empty()) rest_.remove_prefix(1);
  return out;
}

Word Tokens::take_word() {
  Word out;
  while (!rest_.empty() && !std::string_view{" \t\r\n;()\""}.contains(rest_.front())) {
    char const c = rest_.front();
    rest_.remove_prefix(1);
    out.text.push_back(c == '\\' ? take_escaped() : c);
  }
  return out;
}

std::optional<Entry> Tokens::next() {
  if (rest_.empty()) return std::nullopt;
  Entry entry;
  entry.line = line_;
  entry.begins_blank = ascii::is_wsp(rest_.front());
  int open = 0;
  while (!rest_.empty()) {
    char const c = rest_.front();
    if (c == '\n') {
      rest_.remove_prefix(1);
      ++line_;
      if (open == 0) return entry;
    } else if (c == ';') {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    } else if (c == '(' || c == ')') {
      open += c == '(' ? 1 : -1;
      broken_ = broken_ || open < 0;
      rest_.remove_prefix(1);
    } else if (c == '"') {
      entry.words.push_back(take_quoted());
    } else if (ascii::is_wsp(c) || c == '\r') {
      rest_.remove_prefix(1);
    } else {
      entry.words.push_back(take_word());
    }
  }
  broken_ = broken_ || open != 0;
  return entry;
}

std::optional<std::uint16_t> number(std::string const& text) {
  std::uint16_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class ZoneReader {
 public:
  explicit ZoneReader(std::string_view origin) : origin_{normal_name(origin)} {}
  /// False: the entry is malformed.
  bool take(Entry const& entry);
  World world;

 private:
  [[nodiscard]] std::string absolute(std::string const& name) const;
  bool add(Type type, std::span<Word const> data);
  std::string origin_;
  std::string owner_;
};

std::string ZoneReader::absolute(std::string const& name) const {
  if (name == "@") return origin_;
  if (name.ends_with('.')) return normal_name(name);
  return normal_name(origin_.empty() ? name : name + "." + origin_);
}

bool ZoneReader::add(Type type, std::span<Word const> data) {
  auto const name_at = [&](std::size_t i) { return absolute(data[i].text); };
  switch (type) {
    case Type::a:
    case Type::aaaa: {
      auto const address = data.size() == 1 ? IpAddress::parse(data[0].text) : std::nullopt;
      if (!address) return false;
      world.add(owner_, type, *address);
      return true;
    }
    case Type::mx: {
      auto const preference = data.size() == 2 ? number(data[0].text) : std::nullopt;
      if (!preference) return false;
      world.add(owner_, type, Mx{*preference, data[1].text == "." ? "" : name_at(1)});
      return true;
    }
    case Type::txt: {
      std::string text;
      for (Word const& word : data) text += word.text;
      world.add(owner_, type, Txt{text});
      return !data.empty();
    }
    case Type::ns:
    case Type::cname:
    case Type::ptr:
      if (data.size() != 1) return false;
      world.add(owner_, type, Name{name_at(0)});
      return true;
    case Type::srv: {
      if (data.size() != 4) return false;
      auto const priority = number(data[0].text), weight = number(data[1].text),
                 port = number(data[2].text);
      if (!priority || !weight || !port) return false;
      world.add(owner_, type, Srv{*priority, *weight, *port, name_at(3)});
      return true;
    }
    case Type::tlsa: {
      if (data.size() < 4) return false;
      std::string digits;
      for (std::size_t i = 3; i < data.size(); ++i) digits += data[i].text;
      auto const usage = number(data[0].text), selector = number(data[1].text),
                 matching = number(data[2].text);
      auto octets = hex_decode(digits);
      if (!usage || !selector || !matching || !octets) return false;
      world.add(owner_, type,
                Tlsa{static_cast<std::uint8_t>(*usage), static_cast<std::uint8_t>(*selector),
                     static_cast<std::uint8_t>(*matching), std::move(*octets)});
      return true;
    }
    case Type::soa:
      return true;
  }
  return true;
}

struct TypeName {
  std::string_view text;
  Type type;
};
constexpr std::array type_names{TypeName{"A", Type::a},       TypeName{"AAAA", Type::aaaa},
                                TypeName{"MX", Type::mx},     TypeName{"TXT", Type::txt},
                                TypeName{"NS", Type::ns},     TypeName{"CNAME", Type::cname},
                                TypeName{"PTR", Type::ptr},   TypeName{"SRV", Type::srv},
                                TypeName{"TLSA", Type::tlsa}, TypeName{"SOA", Type::soa}};

/// [ttl] [class] type, ttl and class in either order.
bool is_ttl_or_class(std::string const& word) {
  bool const ttl = !word.empty() && ascii::is_digit(word.front());
  return ttl || ascii::iequals(word, "IN");
}

bool ZoneReader::take(Entry const& entry) {
  std::span<Word const> words{entry.words};
  if (words.empty()) return true;
  if (words.front().text == "$ORIGIN") {
    if (words.size() != 2) return false;
    origin_ = absolute(words[1].text);
    return true;
  }
  if (words.front().text.starts_with('$')) return words.front().text == "$TTL";
  if (!entry.begins_blank) {
    owner_ = absolute(words.front().text);
    words = words.subspan(1);
  }
  while (!words.empty() && !words.front().quoted && is_ttl_or_class(words.front().text)) {
    words = words.subspan(1);
  }
  if (words.empty() || owner_.empty()) return false;
  world.add_name(owner_);
  for (TypeName const& known : type_names) {
    if (ascii::iequals(known.text, words.front().text)) return add(known.type, words.subspan(1));
  }
  return true;
}
}  // namespace

std::expected<World, std::string> world_from_zone(std::string_view text, std::string_view origin) {
  Tokens tokens{text};
  ZoneReader reader{origin};
  while (auto const entry = tokens.next()) {
    if (tokens.broken() || !reader.take(*entry)) {
      return std::unexpected{fmt::format("line {} is no resource record", entry->line)};
    }
  }
  return std::move(reader.world);
}

std::expected<World, std::string> world_from_text(std::string_view text) {
  for (std::string_view line : ascii::split(text, '\n')) {
    std::string_view const trimmed = ascii::trim(line);
    if (trimmed.empty() || trimmed.starts_with('#') || trimmed == "---") continue;
    bool const yaml = trimmed.ends_with(':') || trimmed.starts_with("zonedata:");
    return yaml ? world_from_yaml(text) : world_from_zone(text);
  }
  return World{};
}
}  // namespace pb::dns
