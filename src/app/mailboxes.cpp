// mailboxes.cpp: where each domain's mailboxes are, from deliver = and recipients =.
// Spec: docs/reference/configuration.md.           Tests: tests/end_to_end/mailboxes_test.py
#include "app/mailboxes.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "app/delivery_settings.hpp"
#include "delivery/via.hpp"
#include "runtime/maildir.hpp"

namespace pb::app {
namespace {
/// The domains that are delivered so, by key.
template <class Kind>
std::map<std::string, Kind> domains_by(Config const& config) {
  std::map<std::string, Kind> out;
  for (DomainConfig const& domain : config.domains) {
    auto const via = delivery::parse_via(deliver_of(config, domain));
    if (!via || !std::holds_alternative<Kind>(*via)) continue;
    out.emplace(mail::Domain{domain.name}.key(), std::get<Kind>(*via));
  }
  return out;
}

/// The domains that an account has addresses in.
std::set<std::string> domains_of(accounts::Account const& account) {
  std::set<std::string> out;
  auto const add = [&out](std::string const& address) {
    auto const at = address.rfind('@');
    if (at != std::string::npos) out.insert(mail::Domain{address.substr(at + 1)}.key());
  };
  add(account.name);
  for (std::string const& alias : account.aliases) add(alias);
  return out;
}

std::optional<runtime::DialTarget> target_of(delivery::Lmtp const& lmtp) {
  runtime::DialTarget out;
  out.unix_path = lmtp.unix_path;
  if (!out.unix_path.empty()) return out;
  auto const address = IpAddress::parse(lmtp.host == "localhost" ? "127.0.0.1" : lmtp.host);
  if (!address) return std::nullopt;
  out.endpoint = {*address, lmtp.port};
  return out;
}
}  // namespace

std::shared_ptr<runtime::MailboxGauge> mailbox_gauge(
    Config const& config, std::shared_ptr<runtime::DirectorySnapshot const> directory,
    runtime::StoragePool& pool, Clock const& clock) {
  auto patterns = domains_by<delivery::Maildir>(config);
  return std::make_shared<runtime::MaildirGauge>(
      pool, clock, [patterns = std::move(patterns), directory](std::string const& name) {
        std::vector<std::string> out;
        auto const now = directory->get();
        accounts::Account const* const account = now->by_login(name);
        if (account == nullptr) return out;
        for (std::string const& domain : domains_of(*account)) {
          auto const pattern = patterns.find(domain);
          if (pattern == patterns.end()) continue;
          auto path = runtime::maildir_path(pattern->second.pattern, domain, account->name);
          if (path) out.push_back(std::move(*path));
        }
        return out;
      });
}

std::shared_ptr<runtime::RecipientProbe> recipient_probe(Config const& config, Clock const& clock) {
  std::map<std::string, runtime::DialTarget> targets;
  auto const stores = domains_by<delivery::Lmtp>(config);
  for (DomainConfig const& domain : config.domains) {
    auto const found = stores.find(mail::Domain{domain.name}.key());
    if (found == stores.end() || !domain.recipients.empty()) continue;
    if (auto target = target_of(found->second)) targets.emplace(found->first, std::move(*target));
  }
  return std::make_shared<runtime::LmtpProbe>(
      config.hostname, clock, [targets = std::move(targets)](mail::Domain const& domain) {
        auto const found = targets.find(domain.key());
        return found == targets.end() ? std::nullopt : std::optional{found->second};
      });
}
}  // namespace pb::app
