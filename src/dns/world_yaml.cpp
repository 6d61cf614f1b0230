// world_yaml.cpp: see world_yaml.hpp.          Spec: the schema of the RFC 7208 test suite.
#include "dns/world_yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <optional>

#include "base/ascii.hpp"
#include "base/encoding.hpp"

namespace pb::dns {
namespace {
struct TypeName {
  std::string_view text;
  Type type;
};
constexpr std::array<TypeName, 10> type_names{{{"A", Type::a},
                                               {"AAAA", Type::aaaa},
                                               {"MX", Type::mx},
                                               {"TXT", Type::txt},
                                               {"SPF", Type::txt},
                                               {"PTR", Type::ptr},
                                               {"CNAME", Type::cname},
                                               {"NS", Type::ns},
                                               {"SRV", Type::srv},
                                               {"TLSA", Type::tlsa}}};

std::optional<Type> type_of(std::string_view text) {
  for (TypeName const& known : type_names) {
    if (ascii::iequals(known.text, text)) return known.type;
  }
  return std::nullopt;
}

std::optional<Failure> failure_of(std::string_view text) {
  if (text == "TIMEOUT") return Failure::timeout;
  if (text == "SERVFAIL") return Failure::servfail;
  if (text == "BOGUS") return Failure::bogus;
  if (text == "REFUSED") return Failure::refused;
  return std::nullopt;
}

/// The YAML files are UTF-8 and write an octet 80-FF of a record as the code point of that number.
std::string octets(std::string const& utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    auto const lead = static_cast<unsigned char>(utf8[i]);
    if ((lead == 0xC2 || lead == 0xC3) && i + 1 < utf8.size()) {
      auto const tail = static_cast<unsigned char>(utf8[++i]);
      out.push_back(static_cast<char>(((lead & 0x03) << 6) | (tail & 0x3F)));
    } else {
      out.push_back(static_cast<char>(lead));
    }
  }
  return out;
}

std::string text_of(YAML::Node const& value) {
  if (!value.IsSequence()) return octets(value.as<std::string>());
  std::string joined;
  for (YAML::Node const& piece : value) joined += octets(piece.as<std::string>());
  return joined;
}

std::optional<Record> record_of(Type type, YAML::Node const& value) {
  switch (type) {
    case Type::a:
    case Type::aaaa: {
      auto address = IpAddress::parse(value.as<std::string>());
      if (!address) return std::nullopt;
      return *address;
    }
    case Type::mx:
      return Mx{value[0].as<std::uint16_t>(), value[1].as<std::string>()};
    case Type::txt:
      return Txt{text_of(value)};
    case Type::ptr:
    case Type::cname:
    case Type::ns:
      return Name{value.as<std::string>()};
    case Type::srv:
      return Srv{value[0].as<std::uint16_t>(), value[1].as<std::uint16_t>(),
                 value[2].as<std::uint16_t>(), value[3].as<std::string>()};
    case Type::tlsa: {
      auto data = hex_decode(value[3].as<std::string>());
      if (!data) return std::nullopt;
      return Tlsa{static_cast<std::uint8_t>(value[0].as<unsigned>()),
                  static_cast<std::uint8_t>(value[1].as<unsigned>()),
                  static_cast<std::uint8_t>(value[2].as<unsigned>()), std::move(*data)};
    }
    case Type::soa:
      return std::nullopt;
  }
  return std::nullopt;
}

/// One name with its list. Throws YAML::Exception on a value of the wrong shape.
std::optional<std::string> add_name(World& world, std::string const& name, YAML::Node const& list) {
  world.add_name(name);
  bool own_txt = false;
  for (YAML::Node const& entry : list) {
    own_txt = own_txt || (entry.IsMap() && entry["TXT"].IsDefined());
  }
  for (YAML::Node const& entry : list) {
    if (entry.IsScalar()) {
      auto const failure = failure_of(entry.as<std::string>());
      if (!failure) return fmt::format("{}: \"{}\"", name, entry.as<std::string>());
      world.fail(name, *failure);
      continue;
    }
    for (auto const& pair : entry) {
      auto const word = pair.first.as<std::string>();
      auto const type = type_of(word);
      if (!type) return fmt::format("{}: no record type \"{}\"", name, word);
      if (word == "SPF" && own_txt) continue;
      if (pair.second.IsScalar()) {
        auto const text = pair.second.as<std::string>();
        if (text == "NONE") continue;
        if (auto const failure = failure_of(text)) {
          world.fail(name, *type, *failure);
          continue;
        }
      }
      auto record = record_of(*type, pair.second);
      if (!record) return fmt::format("{}: malformed {}", name, word);
      world.add(name, *type, std::move(*record));
    }
  }
  return std::nullopt;
}
}  // namespace

std::expected<World, std::string> world_from_zonedata(YAML::Node const& zonedata) {
  World world;
  try {
    for (auto const& pair : zonedata) {
      if (auto problem = add_name(world, pair.first.as<std::string>(), pair.second)) {
        return std::unexpected{std::move(*problem)};
      }
    }
  } catch (YAML::Exception const& error) {
    return std::unexpected{std::string{error.what()}};
  }
  return world;
}

std::expected<World, std::string> world_from_yaml(std::string_view text) {
  try {
    YAML::Node const top = YAML::Load(std::string{text});
    if (!top.IsMap()) return std::unexpected{std::string{"not a map of names"}};
    return world_from_zonedata(top["zonedata"].IsDefined() ? top["zonedata"] : top);
  } catch (YAML::Exception const& error) {
    return std::unexpected{std::string{error.what()}};
  }
}
}  // namespace pb::dns
