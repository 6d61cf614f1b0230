// route.hpp: where the mail for a domain goes: rules, then DNS, then hosts in the order to try.
// Spec: RFC 5321 §5.1 (MX, implicit MX, loops), RFC 7505 (null MX).         Tests: route_test.cpp
// Not here: asking (runtime/resolver), who may connect when (site_pool.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.hpp"
#include "delivery/via.hpp"
#include "dns/answer.hpp"
#include "queue/outcome.hpp"
#include "sasl/client.hpp"
#include "smtp/client/session.hpp"

namespace pb::delivery {
enum class Families : std::uint8_t { any, v4, v6 };

/// What must be true of the peer's certificate where we have to know whom we reach.
struct Trust {
  enum class Rule : std::uint8_t { roots_and_name, none, fingerprint };
  Rule rule = Rule::roots_and_name;
  std::string fingerprint;  // SHA-256 of the certificate, lower-case hexadecimal
  friend bool operator==(Trust const&, Trust const&) = default;
};

/// One [[route]].
struct RouteRule {
  std::string domain = "*";  // "*", "example.com", ".example.com" (its subdomains); key form
  std::vector<Via> via{MxVia{}};
  Families families = Families::any;
  std::string egress;  // name; empty: the default
  Trust trust;
};

/// What the configuration says of routes; immutable, shared.
struct RoutingTable {
  std::string hostname;
  std::map<std::string, Via, std::less<>> local_domains;  // key form -> deliver
  std::vector<RouteRule> rules;
  std::map<std::string, sasl::Credentials, std::less<>> credentials;  // by host, lower case
  std::uint16_t mx_port = 25;
  std::vector<Endpoint> listeners;       // ours: a route back to one of them is a loop
  std::vector<IpAddress> own_addresses;  // of this machine, for listeners on 0.0.0.0 and [::]

  /// The exact domain, else the longest suffix, else "*"; without any rule: MX.
  [[nodiscard]] RouteRule const& rule_for(std::string_view domain) const;
  [[nodiscard]] bool is_own(Endpoint const& endpoint) const;
};

/// One address of one host.
struct Hop {
  std::string host;       // as DNS or the configuration names it; for TLS and logs
  Endpoint endpoint;      // unused with unix_path
  std::string unix_path;  // LMTP only
  std::uint16_t preference = 0;
  smtp::client::TlsUse tls = smtp::client::TlsUse::opportunistic;
  Trust trust;
  bool has_credentials = false;  // RoutingTable::credentials has the host's
  /// "mx1.example.net [192.0.2.1]:25".
  [[nodiscard]] std::string text() const;
  friend bool operator==(Hop const&, Hop const&) = default;
};

enum class HopKind : std::uint8_t { mx, smarthost, lmtp };
struct Route {
  std::string site;  // domains with the same one share connections and limits
  HopKind kind = HopKind::mx;
  std::vector<Hop> hops;  // in the order to try, at least one
  std::string egress;
};

/// A domain's route, what must be asked first (all at once), or why there is none: Deferred, or
/// Bounced where the DNS was certain.
using RouteAnswer = std::variant<Route, std::vector<dns::Question>, queue::Outcome>;

/// `domain` in key form, maybe a literal. `seed` orders equal preferences and addresses.
RouteAnswer find_route(std::string_view domain, RouteRule const& rule, RoutingTable const& table,
                       dns::Facts const& facts, std::uint64_t seed);

/// "[192.0.2.1]", "[IPv6:2001:db8::1]"; nullopt: not a literal.
std::optional<IpAddress> literal_address(std::string_view domain);

inline constexpr std::size_t addresses_per_attempt_max = 5;
inline constexpr std::size_t addresses_per_host_max = 4;  // so that two hosts get their turn
inline constexpr std::size_t mx_hosts_max = 20;
/// The hops of one attempt: at most 5, of at least two hosts where there are two.
std::vector<Hop> choose_hops(std::vector<Hop> const& hops);
}  // namespace pb::delivery
