// ports.hpp: what each mail port is for, its encryption, and its history.
// Spec: RFC 5321, RFC 6409, RFC 8314 §3.3, §7.3; IANA service names registry.
// Not here: who blocks it (networks.hpp), which one to use (advice.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "text/message.hpp"

namespace pb::advisor {
/// How a port is encrypted, as a program has to be told.
enum class Security : std::uint8_t { none, starttls, implicit_tls, cleartext };
/// "starttls", "implicit-tls", "cleartext", "none": the words of packetboat.probe/1.
std::string_view name(Security security);
/// "STARTTLS" or "SSL/TLS": the words that most screens have.
std::string_view label(Security security);

struct PortEvent {
  int year = 0;             // 0: no year is recorded
  std::string_view source;  // RFC and section, or the registry
  text::Text what;
};
struct PortInfo {
  std::uint16_t port = 0;
  std::string_view service;  // IANA's name; empty where mail has none
  Security security = Security::none;
  bool for_submission = false;
  text::Text purpose;
  text::Text who;
  std::span<PortEvent const> history;
};
std::span<PortInfo const> ports();
PortInfo const* find_port(std::uint16_t port);

/// The order in which ports are tried where several work (measured failures outrank it).
enum class Preference : std::uint8_t {
  founding,  // 587, 2525, 465: the articles that this project answers
  rfc8314,   // 465, 587, 2525
  provider   // the vendor's own order
};
/// "587" or "founding", "465" or "rfc8314", "provider".
std::optional<Preference> parse_preference(std::string_view name);
std::string_view name(Preference preference);
/// Ports of submission in that order, without a provider's alternates. Never 25.
std::vector<std::uint16_t> order(Preference preference);
}  // namespace pb::advisor
