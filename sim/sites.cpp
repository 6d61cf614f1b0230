// sites.cpp: see sites.hpp.                              Spec: RFC 5321 §5.1, RFC 7505 §3.
#include "sim/sites.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pb::sim {
namespace {
constexpr std::uint32_t net = 10U << 24;

delivery::RoutingTable make_routes() {
  delivery::RoutingTable table;
  table.hostname = "mx.our.test";
  table.local_domains["our.test"] = delivery::Lmtp{"", "store.our.test", 24};
  auto const smarthost = [&](std::string_view domain, delivery::Scheme scheme, std::string host,
                             std::uint16_t port) {
    delivery::RouteRule rule;
    rule.domain = domain;
    rule.via = {delivery::Smarthost{scheme, std::move(host), port}};
    table.rules.push_back(std::move(rule));
  };
  smarthost("s0.test", delivery::Scheme::submission, "smart0.test", 587);
  smarthost("s1.test", delivery::Scheme::submissions, "smart1.test", 465);
  smarthost("s2.test", delivery::Scheme::submission, "smart2.test", 587);
  table.credentials["smart0.test"] = {"us", "secret-zero", ""};
  table.credentials["smart1.test"] = {"us", "secret-one", ""};
  return table;
}
}  // namespace

delivery::RoutingTable const& Sites::routes() {
  static delivery::RoutingTable const table = make_routes();
  return table;
}

std::size_t Sites::add_host(std::string name, SimRandom& random) {
  Host host;
  host.name = std::move(name);
  host.number = static_cast<std::uint32_t>(hosts_.size() + 1);
  host.pipelining = !random.one_in(4);
  host.chunking = random.one_in(2);
  host.eight_bit = !random.one_in(6);
  host.dsn = random.one_in(3);
  host.starttls = !random.one_in(4);
  if (random.one_in(10)) host.recipients_max = 1 + static_cast<std::uint32_t>(random.below(2));
  host.says_recipients_max = random.one_in(2);
  if (random.one_in(8)) host.connections_max = 1 + static_cast<std::uint32_t>(random.below(3));
  if (random.one_in(8)) host.messages_max = 1 + static_cast<std::uint32_t>(random.below(3));
  host.hangs_up = random.one_in(2);
  hosts_.push_back(std::move(host));
  host_by_name_.emplace(hosts_.back().name, hosts_.size() - 1);
  return hosts_.size() - 1;
}

Sites::Sites(Scenario const& scenario, SimRandom& random, Instant calm_at) {
  for (std::uint32_t i = 0; i < mx_domains; ++i) {
    SimDomain domain{
        .name = fmt::format("d{}.test", i), .hosts = {}, .hosts_later = {}, .mx_changes_at = {}};
    std::uint64_t const hosts = 1 + random.below(3);
    for (std::uint64_t h = 0; h < hosts; ++h)
      domain.hosts.push_back(add_host(fmt::format("mx{}.d{}.test", h, i), random));
    if (i % 8 == 7) domain.hosts = domains_.front().hosts;  // two domains, one site
    if (random.hits(scenario.mx_changes)) {
      domain.hosts_later = {add_host(fmt::format("new.d{}.test", i), random)};
      domain.mx_changes_at = start_of_time + random.between(Duration{0}, calm_at - start_of_time);
    }
    domains_.push_back(std::move(domain));
  }
  auto const add = [&](std::string name, DomainKind kind, std::string host) -> Host& {
    SimDomain domain{
        .name = std::move(name), .kind = kind, .hosts = {}, .hosts_later = {}, .mx_changes_at = {}};
    domain.hosts.push_back(add_host(std::move(host), random));
    domains_.push_back(std::move(domain));
    return hosts_.back();
  };
  add("implicit.test", DomainKind::implicit_mx, "implicit.test");
  add("nowhere.test", DomainKind::no_domain, "none.invalid");
  add("null.test", DomainKind::null_mx, "none.invalid");
  Host& trusted = add("s0.test", DomainKind::smarthost, "smart0.test");
  trusted.needs = Needs::trust;
  trusted.wants_login = trusted.starttls = true;
  Host& implicit = add("s1.test", DomainKind::smarthost, "smart1.test");
  implicit.needs = Needs::trust;
  implicit.wants_login = implicit.implicit_tls = true;
  Host& encrypted = add("s2.test", DomainKind::smarthost, "smart2.test");
  encrypted.needs = Needs::encryption;
  encrypted.starttls = true;
  Host& local = add("our.test", DomainKind::local, "store.our.test");
  local.lmtp = true;
  local.starttls = false;
  local.recipients_max = 0;
  for (Host& host : hosts_) {
    if (!random.hits(scenario.down)) continue;
    host.down_from = start_of_time + random.between(Duration{0}, calm_at - start_of_time);
    host.down_until =
        std::min(calm_at, host.down_from + random.between(Duration{1}, std::chrono::hours{8}));
    host.silent_when_down = random.one_in(2);
  }
  for (std::size_t i = 0; i < domains_.size(); ++i) by_name_.emplace(domains_[i].name, i);
}

SimDomain const* Sites::domain(std::string_view name) const {
  auto const at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : &domains_[at->second];
}

Host const* Sites::host_at(Endpoint const& endpoint) const {
  std::uint32_t const number = endpoint.address.v4_bits() - net;
  return number == 0 || number > hosts_.size() ? nullptr : &hosts_[number - 1];
}

dns::Answer Sites::mx_of(SimDomain const& domain, Instant now) const {
  switch (domain.kind) {
    case DomainKind::no_domain:
      return dns::NxDomain{};
    case DomainKind::null_mx:
      return dns::Found{.records = {dns::Mx{0, ""}}, .canonical_name = domain.name};
    case DomainKind::implicit_mx:
    case DomainKind::smarthost:
    case DomainKind::local:
      return dns::NoData{};
    case DomainKind::mx:
      break;
  }
  bool const later = domain.mx_changes_at && now >= *domain.mx_changes_at;
  dns::Found found{.records = {}, .canonical_name = domain.name};
  std::uint16_t preference = 0;
  for (std::size_t const host : later ? domain.hosts_later : domain.hosts) {
    found.records.push_back(dns::Mx{preference, hosts_[host].name});
    preference = static_cast<std::uint16_t>(preference + 10 * (host % 2));
  }
  return found;
}

dns::Answer Sites::answer(dns::Question const& question, Instant now) const {
  if (question.type == dns::Type::mx) {
    SimDomain const* found = domain(question.name);
    return found == nullptr ? dns::Answer{dns::NxDomain{}} : mx_of(*found, now);
  }
  auto const host = host_by_name_.find(question.name);
  if (host == host_by_name_.end()) return dns::NxDomain{};
  if (question.type != dns::Type::a) return dns::NoData{};
  return dns::Found{.records = {IpAddress::v4(net + hosts_[host->second].number)},
                    .canonical_name = question.name};
}
}  // namespace pb::sim
