// ip.cpp: see ip.hpp.                                   Spec: RFC 4291 §2.2, RFC 5952, RFC 4632.
#include "base/ip.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/check.hpp"

namespace pb {
namespace {
constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}
}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton stops at a NUL, which would hide what stands behind it.
  if (text.size() > 45 || text.contains('\0')) return std::nullopt;
  std::string const zero_ended{text};
  in_addr four{};
  if (inet_pton(AF_INET, zero_ended.c_str(), &four) == 1) return v4(ntohl(four.s_addr));
  std::array<std::uint8_t, 16> six{};
  if (inet_pton(AF_INET6, zero_ended.c_str(), six.data()) == 1) return v6(six);
  return std::nullopt;
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress out;
  for (std::size_t i = 0; i < 4; ++i) {
    out.bytes_[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  }
  return out;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> const& bytes) {
  IpAddress out;
  out.bytes_ = bytes;
  out.v4_ = std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
  return out;
}

std::uint32_t IpAddress::v4_bits() const {
  PB_CHECK(v4_);
  return (std::uint32_t{bytes_[12]} << 24) | (std::uint32_t{bytes_[13]} << 16) |
         (std::uint32_t{bytes_[14]} << 8) | bytes_[15];
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  void const* const from = v4_ ? bytes_.data() + 12 : bytes_.data();
  PB_CHECK(inet_ntop(v4_ ? AF_INET : AF_INET6, from, out.data(), out.size()) != nullptr);
  return out.data();
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[12] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::is_private() const {
  if (!v4_) return (bytes_[0] & 0xFE) == 0xFC;
  std::uint32_t const bits = v4_bits();
  return (bits >> 24) == 10 || (bits >> 20) == 0xAC1 || (bits >> 16) == 0xC0A8;
}

bool IpAddress::is_link_local() const {
  if (v4_) return (v4_bits() >> 16) == 0xA9FE;
  return bytes_[0] == 0xFE && (bytes_[1] & 0xC0) == 0x80;
}

bool IpAddress::is_unspecified() const {
  if (v4_) return v4_bits() == 0;
  return std::ranges::all_of(bytes_, [](auto b) { return b == 0; });
}

std::optional<Network> Network::parse(std::string_view text) {
  auto const slash = text.find('/');
  auto const address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  unsigned const bits_max = address->is_v4() ? 32 : 128;
  unsigned bits = bits_max;
  if (slash != std::string_view::npos) {
    auto const number = parse_number<unsigned>(text.substr(slash + 1));
    if (!number || *number > bits_max) return std::nullopt;
    bits = *number;
  }
  Network const network{*address, bits};
  if (network.base_ != *address) return std::nullopt;
  return network;
}

Network::Network(IpAddress address, unsigned prefix_bits) : prefix_bits_{prefix_bits} {
  PB_CHECK(prefix_bits <= (address.is_v4() ? 32U : 128U));
  auto bytes = address.bytes();
  for (unsigned bit = prefix_bits + (address.is_v4() ? 96 : 0); bit < 128; ++bit) {
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] & ~(0x80U >> (bit % 8)));
  }
  base_ = IpAddress::v6(bytes);
}

bool Network::contains(IpAddress const& address) const {
  if (address.is_v4() != base_.is_v4()) return false;
  return Network{address, prefix_bits_}.base_ == base_;
}

std::string Network::text() const { return fmt::format("{}/{}", base_.text(), prefix_bits_); }

Network limit_network(IpAddress const& address) { return {address, address.is_v4() ? 32U : 64U}; }

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  auto const colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto const port = parse_number<std::uint16_t>(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  bool const bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  auto const address = IpAddress::parse(host);
  if (!port || !address || (address->is_v6() && !bracketed)) return std::nullopt;
  return Endpoint{*address, *port};
}

std::string Endpoint::text() const {
  return address.is_v4() ? fmt::format("{}:{}", address.text(), port)
                         : fmt::format("[{}]:{}", address.text(), port);
}
}  // namespace pb
