// ip.hpp: IP addresses and networks as values, and the network that a limit counts.
// Spec: RFC 4291 §2.2, RFC 5952 (text form), RFC 4632 (prefixes).          Not here: sockets,
// look-ups.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pb {
class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  /// Dotted quad or IPv6 text, without brackets, zone or port. IPv4-mapped IPv6 becomes IPv4.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v6(std::array<std::uint8_t, 16> const& bytes);

  [[nodiscard]] bool is_v4() const { return v4_; }
  [[nodiscard]] bool is_v6() const { return !v4_; }
  [[nodiscard]] std::uint32_t v4_bits() const;
  /// IPv4 stands in its mapped form (::ffff:a.b.c.d), so that both families compare as 16 bytes.
  [[nodiscard]] std::array<std::uint8_t, 16> const& bytes() const { return bytes_; }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_private() const;     // RFC 1918, RFC 4193
  [[nodiscard]] bool is_link_local() const;  // RFC 3927, RFC 4291 §2.5.6
  [[nodiscard]] bool is_unspecified() const;
  friend auto operator<=>(IpAddress const&, IpAddress const&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};
  bool v4_ = true;
};

class Network {
 public:
  /// "192.0.2.0/24", "2001:db8::/32", or one address. Bits behind the prefix must be zero.
  static std::optional<Network> parse(std::string_view text);
  Network(IpAddress address, unsigned prefix_bits);
  [[nodiscard]] bool contains(IpAddress const& address) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] unsigned prefix_bits() const { return prefix_bits_; }
  friend auto operator<=>(Network const&, Network const&) = default;

 private:
  IpAddress base_;
  unsigned prefix_bits_ = 0;  // of the address's own family
};

/// What limits count as one stranger: the address itself in IPv4, its /64 in IPv6.
Network limit_network(IpAddress const& address);

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  /// "192.0.2.1:25", "[2001:db8::1]:25".
  static std::optional<Endpoint> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(Endpoint const&, Endpoint const&) = default;
};
}  // namespace pb
