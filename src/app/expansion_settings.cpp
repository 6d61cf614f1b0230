// expansion_settings.cpp: files and domains turned into rules.
// Spec: docs/reference/configuration.md.                  Tests: expansion_settings_test.cpp
#include "app/expansion_settings.hpp"

#include <set>
#include <utility>

#include "app/server_settings.hpp"
#include "base/ascii.hpp"

namespace pb::app {
namespace {
constexpr std::size_t srs_secret_octets_min = 16;

std::string key_of(DomainConfig const& domain) { return mail::Domain{domain.name}.key(); }

std::string srs_secret(LoadedConfig const& loaded) {
  std::string const content = loaded.content(loaded.config->delivery.srs_secret_file);
  return std::string{ascii::trim(content.substr(0, content.find('\n')))};
}

/// Mistakes were told when the configuration was read: a file with one has no rules.
delivery::AliasTable aliases_of(LoadedConfig const& loaded, DomainConfig const& domain) {
  return delivery::AliasTable::parse(loaded.content(domain.aliases))
      .value_or(delivery::AliasTable{});
}

/// The first target outside of our domains; empty: none.
std::string outside_target(delivery::AliasTable const& aliases, std::set<std::string> const& ours) {
  for (auto const& [name, targets] : aliases.rules()) {
    for (std::string const& target : targets) {
      auto const address = mail::parse_mailbox(target, mail::Utf8::allow);
      if (address && !ours.contains(address->domain.key())) return name + ": " + target;
    }
  }
  return {};
}
}  // namespace

delivery::Expansion expansion_of(LoadedConfig const& loaded,
                                 std::shared_ptr<runtime::DirectorySnapshot const> directory) {
  delivery::Expansion out;
  for (DomainConfig const& domain : loaded.config->domains) {
    delivery::ExpansionRules rules{aliases_of(loaded, domain), domain.catch_all,
                                   domain.plus_addressing};
    out.domains.emplace(key_of(domain), std::move(rules));
  }
  out.srs_secret = srs_secret(loaded);
  out.postmaster = loaded.config->postmaster;
  out.hostname = mail::Domain{loaded.config->hostname}.key();
  if (!loaded.config->domains.empty()) out.home = loaded.config->domains.front().name;
  out.has_mailbox = [directory](mail::Mailbox const& mailbox) {
    return directory->get()->has_mailbox(mailbox);
  };
  out.address_of = [directory](std::string const& name) -> std::string {
    auto const now = directory->get();
    accounts::Account const* const account = now->by_login(name);
    if (account == nullptr) return {};
    if (account->name.find('@') != std::string::npos) return account->name;
    return account->aliases.empty() ? std::string{} : account->aliases.front();
  };
  return out;
}

std::vector<Problem> check_expansion(LoadedConfig const& loaded) {
  Config const& config = *loaded.config;
  std::vector<Problem> problems;
  std::string const secret = srs_secret(loaded);
  if (!config.delivery.srs_secret_file.empty()) {
    if (secret.size() < srs_secret_octets_min)
      problems.push_back({Severity::error,
                          config.file,
                          {},
                          "delivery.srs_secret: the first line of " +
                              config.delivery.srs_secret_file +
                              " is shorter than 16 octets: write a long random one"});
    return problems;
  }
  std::set<std::string> ours;
  for (DomainConfig const& domain : config.domains) ours.insert(key_of(domain));
  for (DomainConfig const& domain : config.domains) {
    std::string const found = outside_target(aliases_of(loaded, domain), ours);
    if (found.empty()) continue;
    problems.push_back({Severity::warning, config.file, domain.place,
                        "domain.aliases: mail for " + domain.name + " goes on elsewhere (\"" +
                            found +
                            "\") under the sender's own address, which many servers refuse "
                            "(SPF): set delivery.srs_secret"});
  }
  return problems;
}
}  // namespace pb::app
