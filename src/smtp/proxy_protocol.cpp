// proxy_protocol.cpp: see proxy_protocol.hpp.
// Spec: haproxy.org "The PROXY protocol" §2.1 (version 1), §2.2 (version 2).   Not here: trust.
#include "smtp/proxy_protocol.hpp"

#include <array>
#include <charconv>
#include <cstdint>

#include "base/ascii.hpp"

namespace pb::smtp {
namespace {
using namespace std::string_view_literals;
constexpr auto signature_v1 = "PROXY "sv;
constexpr auto signature_v2 = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t line_octets_max_v1 = 107;  // §2.1, CRLF included
constexpr std::size_t fixed_octets_v2 = 16;

bool shares_front(std::string_view bytes, std::string_view signature) {
  auto const length = std::min(bytes.size(), signature.size());
  return bytes.substr(0, length) == signature.substr(0, length);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint32_t value = 0;
  auto const end = text.data() + text.size();
  auto const [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end || value > 0xFFFF) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::optional<Endpoint> parse_endpoint(std::string_view address, std::string_view port, bool v6) {
  // The family is judged by the spelling: IpAddress folds IPv4-mapped IPv6 into IPv4.
  if ((address.find(':') != std::string_view::npos) != v6) return std::nullopt;
  auto const ip = IpAddress::parse(address);
  auto const number = parse_port(port);
  if (!ip || !number) return std::nullopt;
  return Endpoint{*ip, *number};
}

/// "PROXY" SP ("TCP4" / "TCP6") SP source SP destination SP port SP port CRLF
/// "PROXY" SP "UNKNOWN" *anything CRLF
ProxyResult parse_v1(std::string_view bytes) {
  auto const lf = bytes.substr(0, line_octets_max_v1).find('\n');
  if (lf == std::string_view::npos) {
    if (bytes.size() >= line_octets_max_v1) return ProxyError::too_long;
    return ProxyNeedMore{};
  }
  // The first LF ends the line: what it says must not depend on how its octets arrive.
  if (bytes[lf - 1] != '\r') return ProxyError::malformed;
  auto const end = lf - 1;
  ProxyHeader header{end + 2, {}, {}};
  auto const line = bytes.substr(signature_v1.size(), end - signature_v1.size());
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return header;
  auto const parts = ascii::split(line, ' ');
  if (parts.size() != 5 || (parts[0] != "TCP4" && parts[0] != "TCP6")) {
    return ProxyError::malformed;
  }
  bool const v6 = parts[0] == "TCP6";
  header.source = parse_endpoint(parts[1], parts[3], v6);
  header.destination = parse_endpoint(parts[2], parts[4], v6);
  if (!header.source || !header.destination) return ProxyError::malformed;
  return header;
}

std::uint16_t big_endian(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

IpAddress address_at(std::string_view bytes, std::size_t at, bool v6) {
  std::array<std::uint8_t, 16> octets{};
  std::size_t const length = v6 ? 16 : 4;
  for (std::size_t i = 0; i < length; ++i) {
    octets[i] = static_cast<std::uint8_t>(bytes[at + i]);
  }
  if (v6) return IpAddress::v6(octets);
  return IpAddress::v4(static_cast<std::uint32_t>(octets[0]) << 24 |
                       static_cast<std::uint32_t>(octets[1]) << 16 |
                       static_cast<std::uint32_t>(octets[2]) << 8 | octets[3]);
}

ProxyResult parse_v2(std::string_view bytes) {
  if (bytes.size() < fixed_octets_v2) return ProxyNeedMore{fixed_octets_v2 - bytes.size()};
  auto const version_command = static_cast<unsigned char>(bytes[12]);
  auto const family = static_cast<unsigned char>(bytes[13]);
  std::size_t const body = big_endian(bytes, 14);
  if (version_command >> 4 != 2 || (version_command & 0xF) > 1) return ProxyError::malformed;
  if (fixed_octets_v2 + body > proxy_header_octets_max) return ProxyError::too_long;
  if (bytes.size() < fixed_octets_v2 + body) {
    return ProxyNeedMore{fixed_octets_v2 + body - bytes.size()};
  }
  ProxyHeader header{fixed_octets_v2 + body, {}, {}};
  bool const local = (version_command & 0xF) == 0;
  bool const tcp4 = family == 0x11;
  bool const tcp6 = family == 0x21;
  // LOCAL: the balancer's own check. Any other family says nothing that we could use.
  if (local || (!tcp4 && !tcp6)) return header;
  std::size_t const width = tcp6 ? 16 : 4;
  if (body < 2 * width + 4) return ProxyError::malformed;
  std::size_t const ports = fixed_octets_v2 + 2 * width;
  header.source = Endpoint{address_at(bytes, fixed_octets_v2, tcp6), big_endian(bytes, ports)};
  header.destination =
      Endpoint{address_at(bytes, fixed_octets_v2 + width, tcp6), big_endian(bytes, ports + 2)};
  return header;
}
}  // namespace

ProxyResult parse_proxy_header(std::string_view bytes) {
  if (bytes.empty()) return ProxyNeedMore{};  // either version may come
  if (shares_front(bytes, signature_v2)) {
    if (bytes.size() < signature_v2.size()) return ProxyNeedMore{fixed_octets_v2 - bytes.size()};
    return parse_v2(bytes);
  }
  if (!shares_front(bytes, signature_v1)) return ProxyError::not_proxy;
  if (bytes.size() < signature_v1.size()) return ProxyNeedMore{signature_v1.size() - bytes.size()};
  return parse_v1(bytes);
}
}  // namespace pb::smtp
