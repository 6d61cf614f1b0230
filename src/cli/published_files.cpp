// published_files.cpp: see published_files.hpp.
// Spec: RFC 8461 §3.3 (no redirects for a policy).
// Tests: tests/end_to_end/probe_published_test.py
#include "cli/published_files.hpp"

#include <fmt/format.h>

#include <future>

#include "base/ascii.hpp"
#include "runtime/https_get.hpp"

namespace pb::cli {
namespace {
using advisor::FileState;
using advisor::PublishedFile;
using runtime::HttpsError;
constexpr unsigned unauthorized = 401;

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (unsigned char const c : text) {
    bool const plain = ascii::is_alnum(static_cast<char>(c)) || c == '-' || c == '.' || c == '_';
    out += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return out;
}

FileState state_of(runtime::HttpsProblem const& problem) {
  switch (problem.error) {
    case HttpsError::no_server:
      return FileState::absent;
    case HttpsError::certificate:
    case HttpsError::redirect_insecure:
      return FileState::insecure;
    case HttpsError::silent:
    case HttpsError::redirects:
      return FileState::unreachable;
    case HttpsError::not_http:
    case HttpsError::too_long:
      return FileState::unreadable;
    case HttpsError::status:
      return problem.status == unauthorized ? FileState::wants_login : FileState::absent;
  }
  return FileState::unreachable;
}

/// What a person should hear of, when several addresses were asked.
int weight(FileState state) {
  switch (state) {
    case FileState::found:
      return 6;
    case FileState::refers:
      return 5;
    case FileState::wants_login:
      return 4;
    case FileState::unreadable:
      return 3;
    case FileState::insecure:
      return 2;
    case FileState::unreachable:
      return 1;
    case FileState::absent:
      return 0;
  }
  return 0;
}

class Fetcher {
 public:
  Fetcher(PublishedPlaces const& places, runtime::TrustStore const& store)
      : places_{places}, store_{store} {}
  [[nodiscard]] bool can_ask(std::string const& host) const {
    auto const found = places_.addresses.find(host);
    return found != places_.addresses.end() && !found->second.empty();
  }
  [[nodiscard]] runtime::HttpsAsk ask(std::string url) const {
    runtime::HttpsAsk out{.url = std::move(url), .body = {}, .addresses = places_.addresses};
    out.timeout = places_.timeout;
    return out;
  }
  [[nodiscard]] PublishedFile autoconfig(std::string const& url) const {
    auto const got = https_get(ask(url), store_);
    if (!got) return {.state = state_of(got.error()), .url = got.error().url, .settings = {}};
    return read(got->url, advisor::parse_autoconfig(got->body));
  }
  [[nodiscard]] PublishedFile autodiscover(std::string const& url) const {
    auto asked = ask(url);
    asked.body = advisor::autodiscover_request(places_.address);
    auto const got = https_get(asked, store_);
    if (!got) return {.state = state_of(got.error()), .url = got.error().url, .settings = {}};
    return read(got->url, advisor::parse_autodiscover(got->body, places_.address));
  }

 private:
  static PublishedFile read(
      std::string const& url,
      std::expected<advisor::PublishedSettings, advisor::PublishedError> settings) {
    PublishedFile out{.state = FileState::unreadable, .url = url, .settings = {}};
    if (!settings) return out;
    out.state = settings->servers.empty() ? FileState::refers : FileState::found;
    out.settings = std::move(*settings);
    return out;
  }
  PublishedPlaces const& places_;
  runtime::TrustStore const& store_;
};

void fetch_policy(Fetcher const& fetcher, runtime::TrustStore const& store,
                  advisor::RelayFacts& relay) {
  std::string const host = "mta-sts." + relay.domain;
  relay.sts_problem = host + ": no address";
  if (!fetcher.can_ask(host)) return;
  auto ask = fetcher.ask("https://" + host + "/.well-known/mta-sts.txt");
  ask.redirects_max = 0;
  ask.body_octets_max = mtasts::policy_octets_max;
  auto const got = https_get(ask, store);
  relay.sts_problem.clear();
  if (!got) {
    relay.sts_problem = host + ": " + problem_text(got.error());
    return;
  }
  auto policy = mtasts::parse_policy(got->body);
  if (policy) {
    relay.sts = std::move(*policy);
  } else {
    relay.sts_problem = policy.error().problem;
  }
}

PublishedFile best(std::vector<std::future<PublishedFile>>& running) {
  PublishedFile out;
  for (auto& one : running) {
    auto file = one.get();
    if (weight(file.state) > weight(out.state)) out = std::move(file);
  }
  return out;
}
}  // namespace

void fetch_published(PublishedPlaces const& places, runtime::TrustStore const& store,
                     advisor::DomainFacts& facts) {
  Fetcher const fetcher{places, store};
  std::vector<std::future<PublishedFile>> autoconfig, autodiscover;
  std::string const query = "/mail/config-v1.1.xml?emailaddress=" + percent_encoded(places.address);
  auto const launch = [&](auto& into, auto what, std::string const& host, std::string url) {
    if (!fetcher.can_ask(host)) return;
    into.push_back(std::async(std::launch::async, [&fetcher, what, url = std::move(url)] {
      return (fetcher.*what)(url);
    }));
  };
  std::string const& domain = places.domain;
  launch(autoconfig, &Fetcher::autoconfig, "autoconfig." + domain,
         "https://autoconfig." + domain + query);
  launch(autoconfig, &Fetcher::autoconfig, domain,
         "https://" + domain + "/.well-known/autoconfig" + query);
  constexpr std::string_view path = "/autodiscover/autodiscover.xml";
  launch(autodiscover, &Fetcher::autodiscover, "autodiscover." + domain,
         fmt::format("https://autodiscover.{}{}", domain, path));
  if (places.autodiscover) {
    auto const& srv = *places.autodiscover;
    launch(autodiscover, &Fetcher::autodiscover, srv.target,
           srv.port == 443 ? fmt::format("https://{}{}", srv.target, path)
                           : fmt::format("https://{}:{}{}", srv.target, srv.port, path));
  }
  if (facts.relay.sts_announced) fetch_policy(fetcher, store, facts.relay);
  facts.autoconfig = best(autoconfig);
  facts.autodiscover = best(autodiscover);
}
}  // namespace pb::cli
