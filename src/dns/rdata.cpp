// rdata.cpp: one function a record type; what does not fit exactly is refused.
// Spec: RFC 1035 §3.3; RFC 6698 §2.1.                                       Tests: rdata_test.cpp
#include "dns/rdata.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace pb::dns {
namespace {
constexpr std::size_t name_octets_max = 253;

std::uint8_t octet(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::optional<std::uint16_t> take_u16(std::string_view& bytes) {
  if (bytes.size() < 2) return std::nullopt;
  auto const value = static_cast<std::uint16_t>(octet(bytes, 0) << 8 | octet(bytes, 1));
  bytes.remove_prefix(2);
  return value;
}

std::optional<Record> address(std::string_view bytes) {
  if (bytes.size() == 4) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) bits = bits << 8 | octet(bytes, i);
    return IpAddress::v4(bits);
  }
  if (bytes.size() != 16) return std::nullopt;
  std::array<std::uint8_t, 16> octets{};
  std::ranges::transform(bytes, octets.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  return IpAddress::v6(octets);
}

std::optional<Record> mx(std::string_view bytes) {
  auto const preference = take_u16(bytes);
  if (!preference) return std::nullopt;
  auto name = take_name(bytes);
  if (!name || !bytes.empty()) return std::nullopt;
  return Mx{*preference, std::move(*name)};
}

std::optional<Record> txt(std::string_view bytes) {
  Txt out;
  while (!bytes.empty()) {
    std::size_t const octets = octet(bytes, 0);
    if (bytes.size() < 1 + octets) return std::nullopt;
    out.text.append(bytes.substr(1, octets));
    bytes.remove_prefix(1 + octets);
  }
  return out;
}

std::optional<Record> srv(std::string_view bytes) {
  Srv out;
  for (std::uint16_t* const field : {&out.priority, &out.weight, &out.port}) {
    auto const value = take_u16(bytes);
    if (!value) return std::nullopt;
    *field = *value;
  }
  auto target = take_name(bytes);
  if (!target || !bytes.empty()) return std::nullopt;
  out.target = std::move(*target);
  return out;
}

std::optional<Record> tlsa(std::string_view bytes) {
  if (bytes.size() < 4) return std::nullopt;
  return Tlsa{octet(bytes, 0), octet(bytes, 1), octet(bytes, 2), std::string{bytes.substr(3)}};
}
}  // namespace

std::optional<std::string> take_name(std::string_view& bytes) {
  std::string name;
  while (!bytes.empty()) {
    std::size_t const octets = octet(bytes, 0);
    if (octets > 63 || bytes.size() < 1 + octets) return std::nullopt;
    std::string_view const label = bytes.substr(1, octets);
    bytes.remove_prefix(1 + octets);
    if (octets == 0) return name;
    if (!name.empty()) name += '.';
    for (char const c : label) {
      if (c == '.' || c == '\\' || !ascii::is_vchar(c)) return std::nullopt;
      name += ascii::lower(c);
    }
    if (name.size() > name_octets_max) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Record> parse_rdata(Type type, std::string_view bytes) {
  switch (type) {
    case Type::a:
      return bytes.size() == 4 ? address(bytes) : std::nullopt;
    case Type::aaaa:
      return bytes.size() == 16 ? address(bytes) : std::nullopt;
    case Type::mx:
      return mx(bytes);
    case Type::txt:
      return txt(bytes);
    case Type::srv:
      return srv(bytes);
    case Type::tlsa:
      return tlsa(bytes);
    case Type::soa:
      return std::nullopt;
    case Type::ptr:
    case Type::ns:
    case Type::cname: {
      auto name = take_name(bytes);
      if (!name || !bytes.empty()) return std::nullopt;
      return Name{std::move(*name)};
    }
  }
  return std::nullopt;
}
}  // namespace pb::dns
