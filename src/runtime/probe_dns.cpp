// probe_dns.cpp: see probe_dns.hpp. Every offset is checked; compression is skipped, not followed.
// Spec: RFC 1035 §4.1.
// Tests: tests/fault_lab
#include "runtime/probe_dns.hpp"

#include "base/ascii.hpp"

namespace pb::runtime {
using advisor::NameState;
namespace {
constexpr std::size_t header_octets = 12;

unsigned number(std::string_view packet, std::size_t at) {
  return static_cast<unsigned char>(packet[at]) << 8U | static_cast<unsigned char>(packet[at + 1]);
}

/// The offset behind the name at `at`; nullopt when it runs out of the packet.
std::optional<std::size_t> skip_name(std::string_view packet, std::size_t at) {
  while (at < packet.size()) {
    auto const length = static_cast<unsigned char>(packet[at]);
    if (length == 0) return at + 1;
    if (length >= 0xC0) return at + 2 <= packet.size() ? std::optional{at + 2} : std::nullopt;
    at += 1U + length;
  }
  return std::nullopt;
}

std::optional<IpAddress> address_of(std::string_view data, unsigned type) {
  if (type == 1 && data.size() == 4) {
    return IpAddress::v4(number(data, 0) << 16U | number(data, 2));
  }
  if (type == 28 && data.size() == 16) {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < 16; ++i) bytes[i] = static_cast<std::uint8_t>(data[i]);
    return IpAddress::v6(bytes);
  }
  return std::nullopt;
}
}  // namespace

std::optional<std::string> dns_query(std::string_view name, bool ipv6, std::uint16_t id,
                                     bool checking_disabled) {
  std::string out;
  auto const put = [&](unsigned value) {
    out += static_cast<char>(value >> 8U);
    out += static_cast<char>(value & 0xFFU);
  };
  put(id);
  put(0x0100U | (checking_disabled ? 0x0010U : 0U));  // RD, CD
  put(1);
  put(0);
  put(0);
  put(0);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return std::nullopt;
  for (auto label : ascii::split(name, '.')) {
    if (label.empty() || label.size() > 63) return std::nullopt;
    out += static_cast<char>(label.size());
    out += label;
  }
  out += '\0';
  put(ipv6 ? 28 : 1);
  put(1);
  return out;
}

std::optional<DnsReply> read_dns_reply(std::string_view packet, std::uint16_t id) {
  if (packet.size() < header_octets || number(packet, 0) != id) return std::nullopt;
  unsigned const flags = number(packet, 2);
  if ((flags & 0x8000U) == 0) return std::nullopt;
  DnsReply reply;
  unsigned const code = flags & 0x0FU;
  reply.state = code == 0 ? NameState::no_address : NameState::server_failed;
  if (code == 3) reply.state = NameState::not_found;
  if (code != 0) return reply;
  std::size_t at = header_octets;
  for (unsigned i = 0; i < number(packet, 4); ++i) {
    auto const end = skip_name(packet, at);
    if (!end || *end + 4 > packet.size()) return reply;
    at = *end + 4;
  }
  for (unsigned i = 0; i < number(packet, 6) && reply.addresses.size() < 32; ++i) {
    auto const end = skip_name(packet, at);
    if (!end || *end + 10 > packet.size()) break;
    unsigned const type = number(packet, *end);
    std::size_t const length = number(packet, *end + 8);
    if (*end + 10 + length > packet.size()) break;
    if (auto const address = address_of(packet.substr(*end + 10, length), type)) {
      reply.addresses.push_back(*address);
    }
    at = *end + 10 + length;
  }
  if (!reply.addresses.empty()) reply.state = NameState::ok;
  return reply;
}

std::optional<IpAddress> first_nameserver(std::string_view resolv_conf) {
  for (auto line : ascii::split(resolv_conf, '\n')) {
    line = ascii::trim(line);
    if (!line.starts_with("nameserver")) continue;
    auto const word = ascii::trim(line.substr(10));
    if (auto const address = IpAddress::parse(word.substr(0, word.find_first_of(" \t%")))) {
      return address;
    }
  }
  return std::nullopt;
}
}  // namespace pb::runtime
