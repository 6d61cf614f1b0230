// delivery_settings.cpp: a configuration turned into what delivery and the resolver are told.
// Spec: docs/reference/configuration.md ([[route]], [[domain]], [dns], [delivery]).
// Tests: tests/end_to_end/two_hops_test.py       Not here: what the settings do (delivery/,
// runtime/).
#include "app/delivery_settings.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstdlib>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "delivery/via.hpp"

namespace pb::app {
namespace {
using delivery::RouteRule;
using Text = std::string;

std::expected<delivery::Via, Text> via_of(Text const& text, Text const& key) {
  auto const via = delivery::parse_via(text);
  if (via) return *via;
  return std::unexpected(key + " \"" + escape_for_display(text) +
                         "\": " + std::string{delivery::explain(via.error())});
}

std::expected<delivery::Trust, Text> trust_of(Text const& verify) {
  constexpr std::string_view prefix = "fingerprint:";
  if (verify.empty()) return delivery::Trust{};
  if (verify == "none") return delivery::Trust{delivery::Trust::Rule::none, ""};
  std::string hex = ascii::to_lower(verify);
  if (hex.starts_with(prefix)) {
    hex.erase(0, prefix.size());
    std::erase(hex, ':');
    if (hex.size() == 64 && hex_decode(hex))
      return delivery::Trust{delivery::Trust::Rule::fingerprint, hex};
  }
  return std::unexpected(
      "route.tls_verify: write \"none\" or \"fingerprint:\" and the SHA-256 of "
      "the certificate in 64 hexadecimal digits");
}

delivery::Families families_of(Text const& text) {
  if (text == "v4") return delivery::Families::v4;
  if (text == "v6") return delivery::Families::v6;
  return delivery::Families::any;
}

std::expected<RouteRule, Text> rule_of(RouteConfig const& route) {
  RouteRule rule;
  rule.domain = ascii::to_lower(route.domain);
  if (!route.via.empty()) rule.via.clear();
  for (Text const& text : route.via) {
    auto via = via_of(text, "route.via");
    if (!via) return std::unexpected(via.error());
    rule.via.push_back(std::move(*via));
  }
  auto trust = trust_of(route.tls_verify);
  if (!trust) return std::unexpected(trust.error());
  rule.trust = std::move(*trust);
  rule.families = families_of(route.families);
  rule.egress = route.egress;
  return rule;
}

std::expected<sasl::Credentials, Text> credentials_of(LoadedConfig const& loaded,
                                                      CredentialConfig const& config) {
  sasl::Credentials out;
  out.user = config.user;
  if (!config.password_env.empty()) {
    char const* value = std::getenv(config.password_env.c_str());
    if (value == nullptr)
      return std::unexpected("credential.password_env: " + config.password_env +
                             " is not in the environment");
    out.password = value;
    return out;
  }
  Text const content = loaded.content(config.password_file);
  out.password = content.substr(0, content.find_first_of("\r\n"));
  if (out.password.empty())
    return std::unexpected("credential.password_file: the first line of " + config.password_file +
                           " is empty");
  return out;
}

std::expected<runtime::Egress, Text> egress_of(EgressConfig const& config) {
  runtime::Egress out;
  out.ehlo = config.ehlo;
  if (config.source.empty()) return out;
  auto const address = IpAddress::parse(config.source);
  if (!address)
    return std::unexpected("egress.source \"" + escape_for_display(config.source) +
                           "\" is no address of this machine: write one, without a port");
  (address->is_v4() ? out.source_v4 : out.source_v6) = *address;
  return out;
}

delivery::EightBit eight_bit_of(Text const& text) {
  if (text == "send") return delivery::EightBit::send;
  if (text == "convert") return delivery::EightBit::convert;
  if (text == "bounce") return delivery::EightBit::bounce;
  return delivery::EightBit::automatic;
}

std::expected<std::shared_ptr<delivery::RoutingTable>, Text> routes_of(LoadedConfig const& loaded) {
  Config const& config = *loaded.config;
  auto table = std::make_shared<delivery::RoutingTable>();
  table->hostname = config.hostname;
  table->mx_port = config.delivery.mx_port;
  for (ListenerConfig const& listener : config.listeners)
    table->listeners.push_back(listener.address);
  for (DomainConfig const& domain : config.domains) {
    auto via = via_of(deliver_of(config, domain), "domain.deliver");
    if (!via) return std::unexpected(via.error());
    table->local_domains[mail::Domain{domain.name}.key()] = std::move(*via);
  }
  for (RouteConfig const& route : config.routes) {
    auto rule = rule_of(route);
    if (!rule) return std::unexpected(rule.error());
    table->rules.push_back(std::move(*rule));
  }
  for (CredentialConfig const& credential : config.credentials) {
    auto read = credentials_of(loaded, credential);
    if (!read) return std::unexpected(read.error());
    table->credentials[ascii::to_lower(credential.host)] = std::move(*read);
  }
  return table;
}
}  // namespace

std::string deliver_of(Config const& config, DomainConfig const& domain) {
  if (config.sandbox) return "sandbox";
  if (!domain.deliver.empty()) return domain.deliver;
  return "maildir:" + config.data_dir + "/mail/{domain}/{account}";
}

std::expected<std::shared_ptr<runtime::DeliverySettings const>, std::string> delivery_settings(
    LoadedConfig const& loaded, std::vector<IpAddress> own) {
  auto table = routes_of(loaded);
  if (!table) return std::unexpected(table.error());
  (*table)->own_addresses = std::move(own);
  auto out = std::make_shared<runtime::DeliverySettings>();
  out->routes = std::move(*table);
  for (EgressConfig const& config : loaded.config->egress) {
    auto egress = egress_of(config);
    if (!egress) return std::unexpected(egress.error());
    out->egress[config.name] = std::move(*egress);
  }
  out->wait_max = loaded.config->delivery.wait_max;
  out->eight_bit = eight_bit_of(loaded.config->delivery.eight_bit);
  return out;
}

std::expected<runtime::ResolverSettings, std::string> resolver_settings(Config const& config) {
  runtime::ResolverSettings out;
  // Less than libunbound waits for a silent forwarder (18 s), which it then calls SERVFAIL; an
  // answer that comes later is still cached.
  out.wait = std::chrono::seconds{15};
  for (std::string const& text : config.dns.servers) {
    auto endpoint = Endpoint::parse(text);
    auto const address = IpAddress::parse(text);
    if (!endpoint && address) endpoint = Endpoint{*address, 53};
    if (!endpoint)
      return std::unexpected("dns.servers \"" + escape_for_display(text) +
                             "\": write an address, or address:port");
    out.servers.push_back(*endpoint);
  }
  if (!config.dns.trust_anchor.empty()) out.trust_anchor_file = config.dns.trust_anchor;
  return out;
}

std::vector<IpAddress> own_addresses() {
  std::vector<IpAddress> out;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return out;
  for (ifaddrs const* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    if (one->ifa_addr->sa_family == AF_INET) {
      auto const* v4 = reinterpret_cast<sockaddr_in const*>(one->ifa_addr);
      out.push_back(IpAddress::v4(ntohl(v4->sin_addr.s_addr)));
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      auto const* v6 = reinterpret_cast<sockaddr_in6 const*>(one->ifa_addr);
      std::array<std::uint8_t, 16> bytes{};
      std::copy(std::begin(v6->sin6_addr.s6_addr), std::end(v6->sin6_addr.s6_addr), bytes.begin());
      out.push_back(IpAddress::v6(bytes));
    }
  }
  ::freeifaddrs(all);
  return out;
}
}  // namespace pb::app
