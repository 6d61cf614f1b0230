// mail_auth_settings.cpp: see mail_auth_settings.hpp.
// Spec: docs/reference/configuration.md; RFC 6376 §3.1 (selectors).
#include "app/mail_auth_settings.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "dkim/record.hpp"
#include "dns/name.hpp"

namespace pb::app {
namespace {
namespace fs = std::filesystem;
using policy::DmarcAction;

/// May this key sign, as far as [[domain]] says?
bool is_chosen(Config const& config, std::string const& domain, std::string const& selector) {
  for (DomainConfig const& one : config.domains) {
    auto const parsed = mail::parse_domain(one.name, mail::Utf8::allow);
    bool const this_one = parsed && parsed->key() == domain && !one.dkim_selectors.empty();
    if (this_one)
      return std::ranges::find(one.dkim_selectors, selector) != one.dkim_selectors.end();
  }
  return true;
}

std::vector<fs::path> list(fs::path const& folder, std::error_code& error) {
  std::vector<fs::path> out;
  fs::directory_iterator at{folder, error};
  for (; !error && at != fs::directory_iterator{}; at.increment(error)) out.push_back(at->path());
  return out;
}

Problem problem_of(Config const& config, fs::path const& folder, std::error_code error) {
  return {Severity::error,
          config.file,
          {},
          "dkim.directory: " + folder.string() + " cannot be listed: " + error.message()};
}

DmarcAction action_of(std::string const& text, DmarcAction fallback) {
  return policy::parse_dmarc_action(text).value_or(fallback);
}

/// What the configuration says of DMARC, by listener and by recipient's domain.
class Actions {
 public:
  explicit Actions(Config const& config) {
    for (ListenerConfig const& one : config.listeners) {
      listeners_[one.address.text()] = action_of(one.dmarc, DmarcAction::record);
      if (!one.verify) silent_.push_back(one.address.text());
    }
    for (DomainConfig const& one : config.domains) {
      auto const parsed = mail::parse_domain(one.name, mail::Utf8::allow);
      if (parsed && !one.dmarc.empty())
        domains_[parsed->key()] = action_of(one.dmarc, DmarcAction::record);
    }
  }
  [[nodiscard]] bool verifies(smtp::server::SessionFacts const& facts) const {
    return facts.role == smtp::server::Role::relay &&
           std::ranges::find(silent_, facts.listener) == silent_.end();
  }
  /// The mildest of its recipients' domains: one message, one answer.
  [[nodiscard]] DmarcAction of(smtp::server::SessionFacts const& facts,
                               mail::Envelope const& envelope) const {
    auto const here = listeners_.find(facts.listener);
    DmarcAction const usual = here == listeners_.end() ? DmarcAction::record : here->second;
    DmarcAction mildest = DmarcAction::reject;
    for (mail::ForwardPath const& path : envelope.forward_paths) {
      auto const domain = domains_.find(path.mailbox.domain.key());
      mildest = std::min(mildest, domain == domains_.end() ? usual : domain->second);
    }
    return mildest;
  }

 private:
  std::map<std::string, DmarcAction> listeners_;  // by label
  std::map<std::string, DmarcAction> domains_;    // by key
  std::vector<std::string> silent_;               // labels of listeners that verify nothing
};
}  // namespace

DkimFiles dkim_key_files(Config const& config) {
  DkimFiles out;
  fs::path const top{config.dkim_directory()};
  std::error_code error;
  for (auto const& folder : list(top, error)) {
    std::string const domain = folder.filename().string();
    bool const named = !domain.starts_with('.') && dkim::is_domain_or_selector(domain);
    if (!named || !fs::is_directory(folder, error)) continue;
    for (auto const& file : list(folder, error)) {
      bool const key = file.extension() == ".pem" &&
                       is_chosen(config, dns::normal_name(domain), file.stem().string());
      if (key) out.paths.push_back(file.string());
    }
    if (error) out.problems.push_back(problem_of(config, folder, error));
  }
  bool const may_lack =
      config.dkim.directory.empty() && error == std::errc::no_such_file_or_directory;
  if (error && out.problems.empty() && !may_lack)
    out.problems.push_back(problem_of(config, top, error));
  std::ranges::sort(out.paths);
  return out;
}

DkimKeys dkim_keys_of(LoadedConfig const& loaded) {
  DkimKeys out;
  fs::path const top{loaded.config->dkim_directory()};
  for (auto const& [path, content] : loaded.files) {
    fs::path const file{path};
    bool const key = file.extension() == ".pem" && file.parent_path().parent_path() == top;
    if (!key) continue;
    auto parsed = dkim::PrivateKey::from_pem(content);
    if (parsed) {
      out.keys.push_back({dns::normal_name(file.parent_path().filename().string()),
                          file.stem().string(), std::move(*parsed)});
      continue;
    }
    out.problems.push_back({Severity::error,
                            loaded.config->file,
                            {},
                            "dkim.directory: " + path +
                                " holds no private key without a passphrase: move it away, or make "
                                "one with  packetboat dkim keygen"});
  }
  return out;
}

std::optional<dkim::SigningKey> arc_key(LoadedConfig const& loaded) {
  std::string const& wanted = loaded.config->arc.key;
  auto const slash = wanted.find('/');
  if (slash == std::string::npos) return std::nullopt;
  for (dkim::SigningKey& key : dkim_keys_of(loaded).keys) {
    bool const this_one = key.domain == dns::normal_name(wanted.substr(0, slash)) &&
                          key.selector == wanted.substr(slash + 1);
    if (this_one) return std::move(key);
  }
  return std::nullopt;
}

std::vector<Problem> check_arc(LoadedConfig const& loaded) {
  Config const& config = *loaded.config;
  if (config.arc.key.empty() || arc_key(loaded)) return {};
  return {{Severity::error,
           config.file,
           {},
           "arc.key: there is no key " + config.arc.key + ".pem that signs in " +
               config.dkim_directory() +
               ": write DOMAIN/SELECTOR, or make one with  packetboat "
               "dkim keygen"}};
}

std::shared_ptr<runtime::DkimSigner const> dkim_signer(LoadedConfig const& loaded) {
  return std::make_shared<runtime::DkimSigner const>(dkim_keys_of(loaded).keys);
}

runtime::MailAuthSettings mail_auth_settings(Config const& config,
                                             std::shared_ptr<runtime::DkimSigner const> signer) {
  auto const actions = std::make_shared<Actions const>(config);  // shared by two questions
  runtime::MailAuthSettings out;
  out.hostname = config.hostname;
  out.signer = std::move(signer);
  out.verifies = [actions](smtp::server::SessionFacts const& facts) {
    return actions->verifies(facts);
  };
  out.action_of = [actions](smtp::server::SessionFacts const& facts,
                            mail::Envelope const& envelope) {
    return actions->of(facts, envelope);
  };
  out.trust = {config.dmarc.forwarders, config.dmarc.exceptions};
  return out;
}
}  // namespace pb::app
