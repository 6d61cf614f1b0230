// probe_domain.cpp: see probe_domain.hpp. At most some 30 questions; the files are fetched by
// published_files.
// Spec: RFC 2782, RFC 6186 (SRV), RFC 7672 §2.2 (TLSA).
// Tests: tests/end_to_end/probe_domain_test.py
#include "cli/probe_domain.hpp"

#include <algorithm>

#include "cli/published_files.hpp"
#include "cli/verify_input.hpp"
#include "dane/record.hpp"
#include "dns/name.hpp"
#include "runtime/system.hpp"
#include "tlsrpt/record.hpp"

namespace pb::cli {
namespace {
constexpr std::size_t hosts_max = 5;
constexpr std::size_t tlsa_max = 20;
constexpr std::size_t addresses_max = 4;

template <class T>
using Task = boost::asio::awaitable<T>;

Task<dns::Answer> ask(runtime::Resolver& resolver, std::string name, dns::Type type) {
  dns::Question question{dns::normal_name(name), type};
  co_return co_await resolver.ask(std::move(question));
}

template <class Record>
std::vector<Record> records_of(dns::Answer const& answer) {
  std::vector<Record> out;
  if (auto const* found = std::get_if<dns::Found>(&answer)) {
    for (auto const& record : found->records)
      if (auto const* one = std::get_if<Record>(&record)) out.push_back(*one);
  }
  return out;
}

Task<bool> has_address(runtime::Resolver& resolver, std::string name) {
  auto const v4 = co_await ask(resolver, name, dns::Type::a);
  if (!records_of<IpAddress>(v4).empty()) co_return true;
  auto const v6 = co_await ask(resolver, name, dns::Type::aaaa);
  co_return !records_of<IpAddress>(v6).empty();
}

/// Mail domains are often a provider's customers: whose MX says whose.
advisor::Provider const* provider_of_exchanger(std::string_view exchange) {
  struct Row {
    std::string_view suffix, provider;
  };
  constexpr Row rows[] = {{".google.com", "gmail"},
                          {".googlemail.com", "gmail"},
                          {".mail.protection.outlook.com", "microsoft365"},
                          {".zoho.com", "zoho"},
                          {".yandex.net", "yandex"},
                          {".messagingengine.com", "fastmail"},
                          {".icloud.com", "icloud"},
                          {".mxhichina.com", "aliyun-qiye"},
                          {".qiye.163.com", "163-qiye"},
                          {".netease.com", "163-qiye"},
                          {".qq.com", "exmail"}};
  for (auto const& row : rows)
    if (exchange.ends_with(row.suffix)) return advisor::find_provider(row.provider);
  return advisor::provider_of_host(exchange);
}

std::vector<advisor::PublishedServer> services(std::vector<dns::Srv> const& records,
                                               advisor::Security security) {
  std::vector<advisor::PublishedServer> out;
  for (auto const& record : records) {
    bool const named = !record.target.empty() && record.target != "." && record.port != 0;
    if (!named || out.size() == advisor::published_servers_max) continue;
    out.push_back({.host = dns::normal_name(record.target),
                   .port = record.port,
                   .security = security,
                   .login_text = {}});
  }
  return out;
}

/// RFC 8314 §5.1: implicit TLS first. Within a service by priority (RFC 2782).
Task<std::vector<advisor::PublishedServer>> srv_of(runtime::Resolver& resolver,
                                                   std::string domain) {
  std::vector<advisor::PublishedServer> out;
  auto const ask_for = [&](std::string service) {
    return ask(resolver, service + domain, dns::Type::srv);
  };
  auto implicit = records_of<dns::Srv>(co_await ask_for("_submissions._tcp."));
  auto starttls = records_of<dns::Srv>(co_await ask_for("_submission._tcp."));
  std::ranges::stable_sort(implicit, {}, &dns::Srv::priority);
  std::ranges::stable_sort(starttls, {}, &dns::Srv::priority);
  out = services(implicit, advisor::Security::implicit_tls);
  for (auto& one : services(starttls, advisor::Security::starttls)) out.push_back(std::move(one));
  co_return out;
}

std::optional<SubmissionPlace> place_of(std::vector<advisor::PublishedServer> const& servers,
                                        SubmissionPlace::How how) {
  if (servers.empty()) return std::nullopt;
  SubmissionPlace out{.how = how, .host = servers.front().host, .ports = {}};
  for (auto const& one : servers)
    if (one.host == out.host) out.ports.push_back(one.port);
  return out;
}

Task<std::optional<SubmissionPlace>> find(runtime::Resolver& resolver,
                                          advisor::DomainFacts const& facts) {
  using How = SubmissionPlace::How;
  if (auto place = place_of(facts.srv, How::srv)) co_return place;
  if (auto place = place_of(facts.autoconfig.settings.servers, How::autoconfig)) co_return place;
  if (auto place = place_of(facts.autodiscover.settings.servers, How::autodiscover))
    co_return place;
  SubmissionPlace out;
  for (std::string const label : {"smtp.", "mail."}) {
    if (!co_await has_address(resolver, label + facts.relay.domain)) continue;
    out.host = label + facts.relay.domain;
    co_return out;
  }
  for (auto const& exchanger : facts.relay.hosts) {
    out.provider = provider_of_exchanger(exchanger.host);
    if (out.provider == nullptr) continue;
    out.how = How::exchanger;
    out.host = out.provider->host;
    co_return out;
  }
  co_return std::nullopt;
}

Task<std::vector<IpAddress>> addresses_of(runtime::Resolver& resolver, std::string name) {
  auto out = records_of<IpAddress>(co_await ask(resolver, name, dns::Type::a));
  for (auto const& six : records_of<IpAddress>(co_await ask(resolver, name, dns::Type::aaaa)))
    out.push_back(six);
  if (out.size() > addresses_max) out.resize(addresses_max);
  co_return out;
}

Task<std::vector<std::string>> texts(runtime::Resolver& resolver, std::string name) {
  std::vector<std::string> out;
  auto const answer = co_await ask(resolver, name, dns::Type::txt);
  for (auto const& record : records_of<dns::Txt>(answer)) out.push_back(record.text);
  co_return out;
}

Task<advisor::RelayFacts> look_up(runtime::Resolver& resolver, std::string domain) {
  advisor::RelayFacts out;
  out.domain = domain;
  auto const mx = co_await ask(resolver, domain, dns::Type::mx);
  if (auto const* found = std::get_if<dns::Found>(&mx))
    out.mx_secure = found->security == dns::Security::secure;
  if (auto const* failed = std::get_if<dns::Failed>(&mx)) {
    out.mx = failed->failure == dns::Failure::timeout ? advisor::NameState::no_answer
             : failed->failure == dns::Failure::bogus ? advisor::NameState::bogus
                                                      : advisor::NameState::server_failed;
    co_return out;
  }
  auto exchangers = records_of<dns::Mx>(mx);
  std::ranges::stable_sort(exchangers, {}, &dns::Mx::preference);
  for (auto const& record : exchangers) {
    out.null_mx = out.null_mx || record.exchange.empty();
    if (record.exchange.empty() || out.hosts.size() == hosts_max) continue;
    out.hosts.push_back({.host = dns::normal_name(record.exchange),
                         .preference = record.preference,
                         .facts = {},
                         .tlsa = {}});
  }
  bool const exists = !std::holds_alternative<dns::NxDomain>(mx);
  if (exchangers.empty() && exists && co_await has_address(resolver, domain))
    out.hosts.push_back({.host = domain, .preference = 0, .facts = {}, .tlsa = {}});
  for (auto& host : out.hosts) {
    auto const tlsa = co_await ask(resolver, dane::record_name(host.host, 25), dns::Type::tlsa);
    host.tlsa = records_of<dns::Tlsa>(tlsa);
    if (host.tlsa.size() > tlsa_max) host.tlsa.resize(tlsa_max);
    auto const* found = std::get_if<dns::Found>(&tlsa);
    host.tlsa_secure = found != nullptr && found->security == dns::Security::secure;
  }
  auto const announced = co_await texts(resolver, "_mta-sts." + domain);
  out.sts_announced = std::ranges::count_if(announced, mtasts::is_record) == 1;
  co_return out;
}
}  // namespace

namespace {
/// Everything that will be wanted is asked at once; what follows is answered by the cache.
Task<void> warm(runtime::Resolver& resolver, std::string domain) {
  std::vector<dns::Question> questions{
      {domain, dns::Type::mx},
      {"_submissions._tcp." + domain, dns::Type::srv},
      {"_submission._tcp." + domain, dns::Type::srv},
      {"_autodiscover._tcp." + domain, dns::Type::srv},
      {"_mta-sts." + domain, dns::Type::txt},
      {"_smtp._tls." + domain, dns::Type::txt},
  };
  for (std::string const label : {"", "autoconfig.", "autodiscover.", "mta-sts.", "smtp.", "mail."})
    for (auto const type : {dns::Type::a, dns::Type::aaaa})
      questions.push_back({label + domain, type});
  dns::Facts ignored;
  co_await ask_all(resolver, std::move(questions), ignored);
}

Task<PublishedPlaces> look_up_places(runtime::Resolver& resolver, std::string domain) {
  PublishedPlaces out{.domain = domain, .address = {}, .autodiscover = {}, .addresses = {}};
  std::vector<std::string> hosts{domain, "autoconfig." + domain, "autodiscover." + domain,
                                 "mta-sts." + domain};
  auto srv =
      records_of<dns::Srv>(co_await ask(resolver, "_autodiscover._tcp." + domain, dns::Type::srv));
  if (!srv.empty()) srv.front().target = dns::normal_name(srv.front().target);
  if (!srv.empty() && dns::valid_name(srv.front().target) && srv.front().port != 0) {
    out.autodiscover = srv.front();
    hosts.push_back(srv.front().target);
  }
  for (auto const& host : hosts) out.addresses[host] = co_await addresses_of(resolver, host);
  co_return out;
}

struct Asked {
  advisor::DomainFacts facts;
  PublishedPlaces places;
};
Task<Asked> ask_dns(runtime::Resolver& resolver, std::string domain) {
  Asked out;
  co_await warm(resolver, domain);
  out.facts.relay = co_await look_up(resolver, domain);
  if (out.facts.relay.mx != advisor::NameState::ok) co_return out;  // no DNS, so nothing else
  out.facts.srv = co_await srv_of(resolver, domain);
  auto const reports = co_await texts(resolver, "_smtp._tls." + domain);
  out.facts.tlsrpt = std::ranges::count_if(reports, tlsrpt::is_record) == 1;
  out.places = co_await look_up_places(resolver, domain);
  co_return out;
}

Task<PublishedPlaces> policy_place(runtime::Resolver& resolver, std::string domain) {
  PublishedPlaces out{.domain = domain, .address = {}, .autodiscover = {}, .addresses = {}};
  std::string const host = "mta-sts." + domain;
  out.addresses[host] = co_await addresses_of(resolver, host);
  co_return out;
}
}  // namespace

std::expected<std::shared_ptr<runtime::Resolver>, Refusal> impatient_resolver(
    VerifyCommon const& common) {
  runtime::ResolverSettings settings;
  settings.wait = std::chrono::seconds{4};
  auto server = Endpoint::parse(common.dns_server);
  auto const address = IpAddress::parse(common.dns_server);
  if (!server && address) server = Endpoint{*address, 53};
  bool const misspelt = !common.dns_server.empty() && !server;
  if (!common.dns_file.empty() || misspelt) return make_resolver(common);
  if (server) settings.servers = {*server};
  static runtime::SystemClock const clock;
  static NullLog log;
  auto resolver = runtime::UnboundResolver::make(std::move(settings), clock, log);
  if (!resolver) return std::unexpected{Refusal{resolver.error(), Exit::this_computer}};
  return std::shared_ptr<runtime::Resolver>{std::move(*resolver)};
}

bool is_mail_domain(runtime::Resolver& resolver, std::string const& name) {
  auto const answer = wait_for(ask(resolver, name, dns::Type::mx));
  return !records_of<dns::Mx>(answer).empty();
}

DomainLookUp look_up_domain(runtime::Resolver& resolver, std::string const& address,
                            std::string const& ca_file) {
  auto const at = address.rfind('@');
  bool const whole = at != std::string::npos;
  std::string const domain = dns::normal_name(whole ? address.substr(at + 1) : address);
  auto asked = wait_for(ask_dns(resolver, domain));
  asked.places.address = whole ? address : "postmaster@" + domain;
  runtime::TrustStore const store{ca_file};
  fetch_published(asked.places, store, asked.facts);
  auto place = wait_for(find(resolver, asked.facts));
  return {.facts = std::move(asked.facts), .place = std::move(place)};
}

advisor::RelayFacts look_up_relay(runtime::Resolver& resolver, std::string const& domain,
                                  std::string const& ca_file) {
  advisor::DomainFacts facts;
  facts.relay = wait_for(look_up(resolver, dns::normal_name(domain)));
  if (!facts.relay.sts_announced || facts.relay.hosts.empty()) return facts.relay;
  runtime::TrustStore const store{ca_file};
  fetch_published(wait_for(policy_place(resolver, facts.relay.domain)), store, facts);
  return facts.relay;
}
}  // namespace pb::cli
