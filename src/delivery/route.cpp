// route.cpp: from a domain to addresses, by asking and replaying.
// Spec: RFC 5321 §5.1; RFC 7505 §3; RFC 3463 §3.2, §3.5 (status).          Tests: route_test.cpp
#include "delivery/route.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/ascii.hpp"
#include "dns/name.hpp"

namespace pb::delivery {
namespace {
using queue::Bounced;
using queue::Deferred;
using queue::Reason;
using smtp::client::TlsUse;
using Questions = std::vector<dns::Question>;

Deferred deferred(dns::Failure failure, std::string text) {
  Deferred out;
  switch (failure) {
    case dns::Failure::servfail:
    case dns::Failure::refused:
      out.reason = Reason::dns_failed;
      break;
    case dns::Failure::timeout:
      out.reason = Reason::dns_timeout;
      break;
    case dns::Failure::bogus:
      out.reason = Reason::dns_bogus;
      break;
  }
  out.reply.text = std::move(text);
  return out;
}

Bounced bounced(smtp::EnhancedStatus status, Reason reason, std::string text) {
  Bounced out{status, reason, {}};
  out.reply.text = std::move(text);
  return out;
}

/// SplitMix64: enough to spread load, the same for the same seed.
class Order {
 public:
  explicit Order(std::uint64_t seed) : state_{seed} {}
  template <class Range>
  void shuffle(Range& range) {
    for (std::size_t i = range.size(); i > 1; --i) std::swap(range[i - 1], range[next() % i]);
  }

 private:
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

struct Addresses {
  std::vector<IpAddress> found;  // IPv6 and IPv4 by turns
  Questions missing;
  std::optional<dns::Failure> failure;
};

/// The addresses of a host in the wished families.
Addresses addresses_of(std::string const& host, Families families, dns::Facts const& facts,
                       Order& order) {
  Addresses out;
  std::vector<IpAddress> by_family[2];
  for (dns::Type const type : {dns::Type::aaaa, dns::Type::a}) {
    bool const v6 = type == dns::Type::aaaa;
    if (families == (v6 ? Families::v4 : Families::v6)) continue;
    dns::Question question{host, type};
    auto const fact = facts.find(question);
    if (fact == facts.end()) {
      out.missing.push_back(std::move(question));
    } else if (auto const* found = std::get_if<dns::Found>(&fact->second)) {
      for (dns::Record const& record : found->records)
        if (auto const* address = std::get_if<IpAddress>(&record))
          if (address->is_v6() == v6) by_family[v6 ? 0 : 1].push_back(*address);
    } else if (auto const* failed = std::get_if<dns::Failed>(&fact->second)) {
      out.failure = failed->failure;
    }
  }
  for (auto& list : by_family) order.shuffle(list);
  std::size_t const longest = std::max(by_family[0].size(), by_family[1].size());
  for (std::size_t i = 0; i < longest; ++i)
    for (auto const& list : by_family)
      if (i < list.size()) out.found.push_back(list[i]);
  return out;
}

struct Exchange {
  std::uint16_t preference = 0;
  std::string host;
  std::size_t rank = 0;  // by lot, among equal preferences
};

/// What else of a rule parts sites; a person reads it too (`explain DOMAIN`).
std::string site_suffix(RouteRule const& rule) {
  std::string out;
  if (rule.families == Families::v4) out += " over IPv4";
  if (rule.families == Families::v6) out += " over IPv6";
  if (!rule.egress.empty()) out += " from egress " + rule.egress;
  return out;
}

std::string mx_site(std::vector<Exchange> const& exchanges, RouteRule const& rule,
                    std::uint16_t port) {
  std::set<std::string> hosts;
  for (Exchange const& exchange : exchanges)
    hosts.insert(fmt::format("{} {}", exchange.preference, exchange.host));
  return fmt::format("MX {}, port {}{}", fmt::join(hosts, ", "), port, site_suffix(rule));
}

/// RFC 5321 §5.1: whoever is an MX itself tries only those that are preferred to itself.
bool drop_ourselves(std::vector<Hop>& hops, RoutingTable const& table) {
  std::optional<std::uint16_t> ours;
  for (Hop const& hop : hops)
    if (table.is_own(hop.endpoint)) ours = std::min(ours.value_or(0xFFFF), hop.preference);
  if (!ours) return false;
  std::erase_if(hops, [&ours](Hop const& hop) { return hop.preference >= *ours; });
  return hops.empty();
}

RouteAnswer hops_of(std::vector<Exchange> const& exchanges, std::string_view domain,
                    RouteRule const& rule, RoutingTable const& table, dns::Facts const& facts,
                    Order& order) {
  Route route{mx_site(exchanges, rule, table.mx_port), HopKind::mx, {}, rule.egress};
  Questions missing;
  std::optional<dns::Failure> failure;
  for (Exchange const& exchange : exchanges) {
    Addresses const addresses = addresses_of(exchange.host, rule.families, facts, order);
    missing.insert(missing.end(), addresses.missing.begin(), addresses.missing.end());
    if (addresses.failure) failure = addresses.failure;
    for (IpAddress const& address : addresses.found)
      route.hops.push_back({exchange.host,
                            {address, table.mx_port},
                            {},
                            exchange.preference,
                            TlsUse::opportunistic,
                            {},
                            false});
  }
  if (!missing.empty()) return missing;
  if (drop_ourselves(route.hops, table)) {
    return queue::Outcome{
        bounced({5, 4, 6}, Reason::mail_loop,
                fmt::format("mail for {} would come back to this server", domain))};
  }
  if (!route.hops.empty()) return route;
  if (failure)
    return queue::Outcome{deferred(
        *failure, fmt::format("no address of a mail server of {} could be found", domain))};
  return queue::Outcome{bounced({5, 4, 4}, Reason::no_address,
                                fmt::format("no mail server of {} has an address", domain))};
}

RouteAnswer find_mx(std::string_view domain, RouteRule const& rule, RoutingTable const& table,
                    dns::Facts const& facts, std::uint64_t seed) {
  Order order{seed};
  if (auto const address = literal_address(domain)) {
    std::string const host = address->text();
    Route route{fmt::format("host {}, port {}{}", host, table.mx_port, site_suffix(rule)),
                HopKind::mx,
                {},
                rule.egress};
    route.hops.push_back(
        {host, {*address, table.mx_port}, {}, 0, TlsUse::opportunistic, {}, false});
    if (drop_ourselves(route.hops, table))
      return queue::Outcome{bounced({5, 4, 6}, Reason::mail_loop, "the address is this server's")};
    return route;
  }
  dns::Question question{std::string{domain}, dns::Type::mx};
  auto const fact = facts.find(question);
  if (fact == facts.end()) return Questions{std::move(question)};
  std::vector<Exchange> exchanges;
  if (auto const* found = std::get_if<dns::Found>(&fact->second)) {
    bool null_mx = false;
    for (dns::Record const& record : found->records) {
      auto const* mx = std::get_if<dns::Mx>(&record);
      if (!mx) continue;
      std::string host = dns::normal_name(mx->exchange);
      if (host.empty())
        null_mx = true;
      else if (dns::valid_name(host))
        exchanges.push_back({mx->preference, std::move(host), 0});
    }
    if (null_mx && exchanges.empty())
      return queue::Outcome{bounced({5, 1, 10}, Reason::null_mx,
                                    fmt::format("{} says that it takes no mail", domain))};
    if (exchanges.empty())
      return queue::Outcome{bounced({5, 4, 4}, Reason::no_address,
                                    fmt::format("the mail servers of {} have no names", domain))};
  } else if (auto const* failed = std::get_if<dns::Failed>(&fact->second)) {
    return queue::Outcome{deferred(
        failed->failure, fmt::format("the mail servers of {} could not be looked up", domain))};
  } else if (std::holds_alternative<dns::NxDomain>(fact->second)) {
    return queue::Outcome{bounced({5, 1, 2}, Reason::domain_not_found,
                                  fmt::format("the domain {} does not exist", domain))};
  } else {
    exchanges.push_back({0, std::string{domain}, 0});  // the implicit MX
  }
  order.shuffle(exchanges);
  for (std::size_t i = 0; i < exchanges.size(); ++i) exchanges[i].rank = i;
  std::ranges::sort(exchanges, {}, [](Exchange const& exchange) {
    return std::pair{exchange.preference, exchange.rank};
  });
  if (exchanges.size() > mx_hosts_max) exchanges.resize(mx_hosts_max);
  return hops_of(exchanges, domain, rule, table, facts, order);
}

TlsUse tls_of(Scheme scheme, bool has_credentials) {
  switch (scheme) {
    case Scheme::relay:
      return has_credentials ? TlsUse::verified : TlsUse::opportunistic;
    case Scheme::submission:
      return has_credentials ? TlsUse::verified : TlsUse::required;
    case Scheme::submissions:
      return TlsUse::implicit;
  }
  return TlsUse::verified;
}

struct Named {
  std::string host;
  std::uint16_t port = 0;
  std::uint16_t preference = 0;
  TlsUse tls = TlsUse::never;
  bool has_credentials = false;
};

/// Hosts that the configuration names, in its order; addresses only, never an MX look-up.
RouteAnswer find_named(std::vector<Named> const& names, Route route, RouteRule const& rule,
                       dns::Facts const& facts, std::uint64_t seed) {
  Order order{seed};
  Questions missing;
  std::optional<dns::Failure> failure;
  for (Named const& name : names) {
    Addresses addresses;
    if (auto const literal = IpAddress::parse(name.host))
      addresses.found.push_back(*literal);
    else
      addresses = addresses_of(name.host, rule.families, facts, order);
    missing.insert(missing.end(), addresses.missing.begin(), addresses.missing.end());
    if (addresses.failure) failure = addresses.failure;
    for (IpAddress const& address : addresses.found)
      route.hops.push_back({name.host,
                            {address, name.port},
                            {},
                            name.preference,
                            name.tls,
                            rule.trust,
                            name.has_credentials});
  }
  if (!missing.empty()) return missing;
  if (!route.hops.empty()) return route;
  // Our own configuration names these hosts: that they are not found is for the operator to mend.
  if (failure) return queue::Outcome{deferred(*failure, "the smarthost could not be looked up")};
  Deferred out;
  out.reason = Reason::no_route;
  out.reply.text = fmt::format("the configured next hop {} has no address", names.front().host);
  return queue::Outcome{out};
}

RouteAnswer find_smarthosts(RouteRule const& rule, RoutingTable const& table,
                            dns::Facts const& facts, std::uint64_t seed) {
  std::vector<Named> names;
  Route route{"via", HopKind::smarthost, {}, rule.egress};
  for (Via const& via : rule.via) {
    auto const* smarthost = std::get_if<Smarthost>(&via);
    if (!smarthost) continue;
    bool const has_credentials = table.credentials.contains(smarthost->host);
    names.push_back({smarthost->host, smarthost->port, static_cast<std::uint16_t>(names.size()),
                     tls_of(smarthost->scheme, has_credentials), has_credentials});
    route.site += ' ' + text_of(via);
  }
  route.site += site_suffix(rule);
  return find_named(names, std::move(route), rule, facts, seed);
}

RouteAnswer find_lmtp(Lmtp const& via, RouteRule const& rule, dns::Facts const& facts,
                      std::uint64_t seed) {
  Route route{text_of(via), HopKind::lmtp, {}, {}};
  if (!via.unix_path.empty()) {
    route.hops.push_back({via.unix_path, {}, via.unix_path, 0, TlsUse::never, {}, false});
    return route;
  }
  return find_named({{via.host, via.port, 0, TlsUse::never, false}}, std::move(route), rule, facts,
                    seed);
}
}  // namespace

std::string Hop::text() const {
  if (!unix_path.empty()) return unix_path;
  std::string const address = endpoint.address.text();
  if (address == host) return endpoint.text();
  return fmt::format("{} [{}]:{}", host, address, endpoint.port);
}

std::optional<IpAddress> literal_address(std::string_view domain) {
  if (!domain.starts_with('[') || !domain.ends_with(']')) return std::nullopt;
  domain = domain.substr(1, domain.size() - 2);
  constexpr std::string_view tag = "IPv6:";
  bool const v6 = ascii::istarts_with(domain, tag);
  if (v6) domain.remove_prefix(tag.size());
  return IpAddress::parse(domain);
}

RouteRule const& RoutingTable::rule_for(std::string_view domain) const {
  static RouteRule const by_mx{};
  RouteRule const* best = &by_mx;
  std::size_t best_octets = 0;  // of what matched: "*" counts one
  for (RouteRule const& rule : rules) {
    bool matches = rule.domain == "*" || rule.domain == domain;
    if (rule.domain.starts_with('.')) matches = domain.ends_with(rule.domain);
    std::size_t const octets = rule.domain == domain ? std::string::npos : rule.domain.size();
    if (!matches || octets <= best_octets) continue;  // of equal ones the first
    best = &rule;
    best_octets = octets;
  }
  return *best;
}

bool RoutingTable::is_own(Endpoint const& endpoint) const {
  return std::ranges::any_of(listeners, [&](Endpoint const& listener) {
    if (listener.port != endpoint.port) return false;
    if (listener.address == endpoint.address) return true;
    if (!listener.address.is_unspecified()) return false;
    return endpoint.address.is_loopback() || endpoint.address.is_unspecified() ||
           std::ranges::find(own_addresses, endpoint.address) != own_addresses.end();
  });
}

RouteAnswer find_route(std::string_view domain, RouteRule const& rule, RoutingTable const& table,
                       dns::Facts const& facts, std::uint64_t seed) {
  if (!rule.via.empty()) {
    if (auto const* lmtp = std::get_if<Lmtp>(&rule.via.front()))
      return find_lmtp(*lmtp, rule, facts, seed);
    if (std::holds_alternative<Smarthost>(rule.via.front()))
      return find_smarthosts(rule, table, facts, seed);
    if (std::holds_alternative<MxVia>(rule.via.front()))
      return find_mx(domain, rule, table, facts, seed);
  }
  Deferred out;
  out.reason = Reason::no_route;
  out.reply.text = "the configuration has no route for this domain";
  return queue::Outcome{out};
}

std::vector<Hop> choose_hops(std::vector<Hop> const& hops) {
  bool const many_hosts =
      std::ranges::any_of(hops, [&](Hop const& hop) { return hop.host != hops.front().host; });
  std::map<std::string_view, std::size_t> per_host;
  std::vector<Hop> chosen;
  for (Hop const& hop : hops) {
    if (chosen.size() == addresses_per_attempt_max) break;
    if (many_hosts && per_host[hop.host] == addresses_per_host_max) continue;
    ++per_host[hop.host];
    chosen.push_back(hop);
  }
  return chosen;
}
}  // namespace pb::delivery
