// probe_domain.cpp: see probe_domain.hpp. At most some 20 questions and one HTTPS request.
// Spec: RFC 8461 §3.3 (the policy's address; redirects are not followed).
// Tests: tests/end_to_end/probe_domain_test.py
#include "cli/probe_domain.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/verify_input.hpp"
#include "dane/record.hpp"
#include "dns/name.hpp"
#include "runtime/system.hpp"
#include "runtime/talk_line.hpp"

namespace pb::cli {
namespace {
constexpr std::size_t hosts_max = 5;
constexpr std::size_t tlsa_max = 20;
constexpr std::size_t header_lines_max = 100;
constexpr advisor::Millis https_wait{6000};

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

Task<std::optional<SubmissionPlace>> find(runtime::Resolver& resolver, std::string domain) {
  SubmissionPlace out;
  std::vector<dns::Srv> services;
  for (std::string const service : {"_submissions._tcp.", "_submission._tcp."}) {
    auto const answer = co_await ask(resolver, service + domain, dns::Type::srv);
    for (auto& record : records_of<dns::Srv>(answer)) {
      bool const named = !record.target.empty() && record.target != "." && record.port != 0;
      if (named && services.size() < 8) services.push_back(std::move(record));
    }
  }
  if (!services.empty()) {
    std::ranges::stable_sort(services, {}, &dns::Srv::priority);
    out.how = SubmissionPlace::How::srv;
    out.host = dns::normal_name(services.front().target);
    for (auto const& one : services)
      if (dns::normal_name(one.target) == out.host) out.ports.push_back(one.port);
    co_return out;
  }
  for (std::string const label : {"smtp.", "mail."}) {
    if (!co_await has_address(resolver, label + domain)) continue;
    out.host = label + domain;
    co_return out;
  }
  auto const mx = co_await ask(resolver, domain, dns::Type::mx);
  for (auto const& record : records_of<dns::Mx>(mx)) {
    out.provider = provider_of_exchanger(dns::normal_name(record.exchange));
    if (out.provider == nullptr) continue;
    out.how = SubmissionPlace::How::exchanger;
    out.host = out.provider->host;
    co_return out;
  }
  co_return std::nullopt;
}

/// The body of https://HOST/PATH; the error is a sentence.
std::expected<std::string, std::string> fetch(std::string const& host, std::string const& path,
                                              std::string const& ca_file) {
  auto line = runtime::TalkLine::open(host, 443);
  if (!line) return std::unexpected{line.error()};
  runtime::TrustStore const store{ca_file};
  auto const now = std::chrono::floor<std::chrono::seconds>(runtime::SystemClock{}.now());
  auto const tls = line->start_tls(store, host, now.time_since_epoch().count(), https_wait);
  if (!tls.verified()) return std::unexpected{host + ": no valid certificate"};
  // HTTP/1.0: the body is not cut into chunks and ends with the connection.
  line->send("GET " + path + " HTTP/1.0\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
  using Got = runtime::TalkLine::Got;
  std::string text;
  if (line->read_line(text, https_wait) != Got::line) return std::unexpected{host + ": no answer"};
  auto const words = ascii::split(text, ' ');
  if (words.size() < 2 || words[1] != "200")
    return std::unexpected{host + ": " + escape_for_display(text, 80)};
  std::size_t lines = 0;
  while (line->read_line(text, https_wait) == Got::line && !text.empty())
    if (++lines > header_lines_max) return std::unexpected{host + ": an endless header"};
  std::string body;
  while (line->read_line(text, https_wait) == Got::line) {
    body += text + "\n";
    if (body.size() > mtasts::policy_octets_max)
      return std::unexpected{host + ": the policy is too long"};
  }
  return body;
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

std::optional<SubmissionPlace> find_submission(runtime::Resolver& resolver,
                                               std::string const& domain) {
  return wait_for(find(resolver, domain));
}

advisor::RelayFacts look_up_relay(runtime::Resolver& resolver, std::string const& domain,
                                  std::string const& ca_file) {
  auto out = wait_for(look_up(resolver, dns::normal_name(domain)));
  if (!out.sts_announced || out.hosts.empty()) return out;
  auto const text = fetch("mta-sts." + out.domain, "/.well-known/mta-sts.txt", ca_file);
  if (!text) {
    out.sts_problem = text.error();
    return out;
  }
  auto policy = mtasts::parse_policy(*text);
  if (policy) {
    out.sts = std::move(*policy);
  } else {
    out.sts_problem = policy.error().problem;
  }
  return out;
}
}  // namespace pb::cli
