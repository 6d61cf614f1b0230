// config.cpp: reads a configuration, and says what is wrong with it, all at once.
// Spec: docs/reference/configuration.md.                     Tests: config_test.cpp
// Not here: keys (config_keys.cpp), whether files can be read (config_files.cpp).
#include "app/config.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>

#include "app/config_document.hpp"
#include "app/config_keys.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "base/nearest.hpp"
#include "delivery/via.hpp"
#include "mail/address.hpp"

namespace pb::app {
namespace {
using smtp::server::Role;
using smtp::server::Security;
constexpr std::size_t file_octets_max = 4 << 20;
constexpr std::array<std::string_view, 14> sections{
    "listener",   "tls",    "domain", "networks", "limits", "log",   "route",
    "credential", "egress", "dns",    "delivery", "dkim",   "dmarc", "arc"};

class Reader {
 public:
  Reader(std::string const& file, std::vector<Problem>& problems)
      : file_{file}, problems_{problems} {}

  void read(Document const& document, Config& config) {
    for (Item const& item : document.items) this->item(item, config);
    for (Entry const& entry : document.entries) {
      if (!misplaced_.contains(section_of(entry.path))) this->entry(entry, config);
    }
  }
  void check(Config const& config) {
    check_names(config);
    check_listeners(config);
    check_certificates(config);
    check_domains(config);
    check_postmaster(config);
    check_dmarc(config);
    check_sending(config);
  }

 private:
  static std::string section_of(std::string const& path) {
    std::size_t const dot = path.rfind('.');
    return dot == std::string::npos ? std::string{} : path.substr(0, dot);
  }

  void item(Item const& item, Config& config) {
    bool const wants_array = is_array_of_tables(item.path);
    bool const known = std::ranges::any_of(
        key_paths(), [&](std::string_view key) { return key.starts_with(item.path + "."); });
    if (known && wants_array == item.in_array) {
      if (wants_array) add_item(config, item);
      return;
    }
    misplaced_.insert(item.path);
    if (!known) return error(item.place, unknown(item.path));
    std::string const written = wants_array ? "[[" + item.path + "]]" : "[" + item.path + "]";
    error(item.place, "write " + written + ": " +
                          (wants_array ? "it may stand many times" : "it stands only once"));
  }

  void entry(Entry const& entry, Config& config) {
    auto const known = key_paths();
    if (std::ranges::find(known, entry.path) == known.end())
      return error(entry.place, unknown(entry.path));
    if (auto const text = apply_entry(config, entry)) error(entry.place, entry.path + ": " + *text);
  }

  /// A near key of the same section first, then of all.
  static std::string unknown(std::string const& path) {
    std::string const section = path.substr(0, path.rfind('.') + 1);
    std::vector<std::string_view> siblings;
    for (std::string_view const key : key_paths())
      if (key.starts_with(section) && key.find('.', section.size()) == std::string_view::npos)
        siblings.push_back(key);
    std::string text = "unknown key \"" + escape_for_display(path, 80) + "\"";
    if (section.empty()) siblings.insert(siblings.end(), sections.begin(), sections.end());
    auto near = nearest(path, siblings);
    if (!near) near = nearest(path, key_paths());
    if (near) text.append("; did you mean \"").append(*near).append("\"?");
    if (near || section.empty()) return text;
    text += "; known here:";
    for (std::string_view const key : siblings) text.append(" ").append(key);
    return text;
  }

  void check_names(Config const& config) {
    if (config.hostname.empty()) {
      error({},
            "hostname is missing: add  hostname = \"mail.example.com\"  (the name that our "
            "address has in DNS)");
    } else if (!mail::parse_domain(config.hostname, mail::Utf8::refuse)) {
      error({}, "hostname \"" + escape_for_display(config.hostname) + "\" is no host name");
    } else if (config.hostname.find('.') == std::string::npos) {
      warning({}, "hostname \"" + config.hostname +
                      "\" has no domain: other servers may refuse "
                      "our mail");
    }
    if (config.data_dir.empty())
      error({}, "data_dir is missing: add  data_dir = \"/var/lib/packetboat\"");
    else if (config.data_dir.front() != '/')
      error({}, "data_dir must begin with \"/\"");
  }

  void check_listeners(Config const& config) {
    if (config.listeners.empty())
      error({},
            "there is no [[listener]]: add one, for example\n  [[listener]]\n  role = "
            "\"submission\"\n  address = \"0.0.0.0:587\"");
    std::set<Endpoint> seen;
    for (ListenerConfig const& listener : config.listeners) {
      if (!listener.role_given)
        error(listener.place,
              "[[listener]] has no role: relay, submission, submissions or "
              "submission-alt");
      if (listener.address == Endpoint{}) {
        error(listener.place, "[[listener]] has no address: add  address = \"0.0.0.0:25\"");
        continue;
      }
      if (listener.address.port != 0 && !seen.insert(listener.address).second)
        error(listener.place, listener.address.text() + " stands in two listeners");
      if (listener.proxy_protocol && config.networks.proxy.empty())
        error(listener.place,
              "proxy_protocol needs networks.proxy: the addresses of the load "
              "balancers whose header is to be believed");
    }
  }

  void check_certificates(Config const& config) {
    bool complete = false;
    for (CertificateFiles const& pair : config.certificates) {
      bool const is_default = &pair == config.certificates.data();
      std::string const section = is_default ? "[tls]" : "[[tls.sni]]";
      bool const empty = pair.certificate.empty() && pair.key.empty();
      if (!empty || !is_default) {
        if (pair.certificate.empty()) error(pair.place, section + " has a key and no certificate");
        if (pair.key.empty()) error(pair.place, section + " has a certificate and no key");
      }
      complete = complete || (!pair.certificate.empty() && !pair.key.empty());
    }
    if (complete) return;
    for (ListenerConfig const& listener : config.listeners) {
      if (is_submission(listener.role))
        error(listener.place,
              std::string{name_of(listener.role)} + " on " + listener.address.text() +
                  " needs a certificate: add\n  [tls]\n  certificate = "
                  "\"/etc/packetboat/fullchain.pem\"\n  key = \"/etc/packetboat/privkey.pem\"");
      else
        warning(listener.place, "relay on " + listener.address.text() +
                                    " has no certificate: mail comes in without encryption; add "
                                    "[tls] certificate and key");
    }
  }

  void check_domains(Config const& config) {
    std::set<std::string> seen;
    for (DomainConfig const& domain : config.domains) {
      auto const parsed = mail::parse_domain(domain.name, mail::Utf8::allow);
      if (domain.name.empty())
        error(domain.place, "[[domain]] has no name");
      else if (!parsed || parsed->is_literal())
        error(domain.place, "\"" + escape_for_display(domain.name) + "\" is no domain name");
      else if (!seen.insert(parsed->key()).second)
        error(domain.place, "domain " + domain.name + " stands twice");
      if (!deliver_known(domain.deliver))
        error(domain.place, "deliver = \"" + escape_for_display(domain.deliver) +
                                "\": write lmtp:unix:PATH, lmtp:HOST:PORT, maildir:PATH, sandbox, "
                                "discard or reject");
    }
  }

  /// RFC 5321 §4.5.1: who receives mail for a domain receives it for its postmaster.
  void check_postmaster(Config const& config) {
    bool const is_address = mail::parse_mailbox(config.postmaster, mail::Utf8::allow).has_value();
    bool const is_name = config.postmaster.find_first_of("@ \t<>,") == std::string::npos;
    if (!is_address && !is_name)
      error({}, "postmaster = \"" + escape_for_display(config.postmaster) +
                    "\": write the name of an account, or one address");
    if (!config.postmaster.empty() || config.sandbox) return;
    bool const relays = std::ranges::any_of(
        config.listeners, [](ListenerConfig const& one) { return one.role == Role::relay; });
    if (config.domains.empty() && relays)
      warning({},
              "mail for postmaster has nowhere to go (RFC 5321 section 4.5.1): add  postmaster "
              "= \"ACCOUNT OR ADDRESS\"");
    for (DomainConfig const& domain : config.domains) {
      if (!domain.deliver.starts_with("lmtp:") || domain.recipients == "any") continue;
      warning(domain.place, "postmaster@" + domain.name +
                                " and abuse@ are what its LMTP store "
                                "takes: see that it has them, or add  postmaster = \"ACCOUNT OR "
                                "ADDRESS\"");
    }
  }

  void check_dmarc(Config const& config) {
    std::string const& from = config.dmarc.report_from;
    if (!from.empty() && !mail::parse_mailbox(from, mail::Utf8::refuse))
      error({}, "dmarc.report_from = \"" + escape_for_display(from) + "\" is no address");
    if (config.dmarc.report_every < std::chrono::seconds{1})
      error({}, "dmarc.report_every: at least a second; domains expect a day");
  }

  static bool deliver_known(std::string const& text) {
    if (text.empty()) return true;
    auto const via = delivery::parse_via(text);
    bool const to_network = via && (std::holds_alternative<delivery::MxVia>(*via) ||
                                    std::holds_alternative<delivery::Smarthost>(*via));
    return via && !to_network;
  }

  void check_sending(Config const& config) {
    std::set<std::string> egress;
    for (EgressConfig const& one : config.egress) {
      if (one.name.empty()) error(one.place, "[[egress]] has no name");
      egress.insert(one.name);
    }
    for (RouteConfig const& route : config.routes) {
      if (!route.egress.empty() && !egress.contains(route.egress))
        error(route.place, "route.egress \"" + escape_for_display(route.egress) +
                               "\" is the name of no [[egress]]");
      for (std::string const& via : route.via) check_via(route, via);
      if (route.tls_verify == "none")
        warning(route.place, "tls_verify = \"none\" for " + escape_for_display(route.domain) +
                                 ": anyone on the way can read this mail and its password");
    }
    for (CredentialConfig const& credential : config.credentials) {
      if (credential.host.empty() || credential.user.empty())
        error(credential.place, "[[credential]] needs host and user");
      if (credential.password_file.empty() == credential.password_env.empty())
        error(credential.place, "[[credential]] needs password_file or password_env, one of them");
    }
  }

  void check_via(RouteConfig const& route, std::string_view via) {
    auto const parsed = delivery::parse_via(via);
    bool const outwards = parsed && (std::holds_alternative<delivery::MxVia>(*parsed) ||
                                     std::holds_alternative<delivery::Smarthost>(*parsed));
    if (outwards) return;
    std::string_view const why =
        parsed ? "write mx, relay://HOST:25, submission://HOST:587 or submissions://HOST:465"
               : delivery::explain(parsed.error());
    error(route.place, "via \"" + escape_for_display(via) + "\": " + std::string{why});
  }

  void error(Place place, std::string text) {
    problems_.push_back({Severity::error, file_, place, std::move(text)});
  }
  void warning(Place place, std::string text) {
    problems_.push_back({Severity::warning, file_, place, std::move(text)});
  }

  std::string const& file_;
  std::vector<Problem>& problems_;
  std::set<std::string> misplaced_;  // sections whose brackets are wrong or that nobody knows
};

bool has_errors(std::vector<Problem> const& problems) {
  return std::ranges::any_of(problems,
                             [](Problem const& one) { return one.severity == Severity::error; });
}

void set_defaults(Config& config) {
  using namespace std::chrono_literals;
  config.delivery.retry = {5min, 15min, 1h, 4h};
  config.delivery.expire_after = 120h;
  config.dmarc.report_every = 24h;
  config.delivery.warn_after = 4h;
  config.delivery.wait_max = limits::data_termination_wait;
}
}  // namespace

std::string Config::admin_socket_path() const {
  return admin_socket.empty() ? data_dir + "/admin.sock" : admin_socket;
}

std::string Config::dkim_directory() const {
  return dkim.directory.empty() ? data_dir + "/dkim" : dkim.directory;
}

std::string Problem::line() const {
  std::string out = file;
  if (place.line != 0) out += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  return out + (severity == Severity::warning ? ": warning: " : ": ") + text;
}

ConfigResult parse_config(std::string_view toml, std::string const& file) {
  ConfigResult result;
  Document document = parse_document(toml, file);
  result.problems = std::move(document.problems);
  auto config = std::make_shared<Config>();
  config->file = file;
  set_defaults(*config);
  Reader reader{file, result.problems};
  reader.read(document, *config);
  // What does not fit together is told only when each value could be read: else it misleads.
  if (!has_errors(result.problems)) reader.check(*config);
  if (!has_errors(result.problems)) result.config = std::move(config);
  return result;
}

ConfigResult load_config(std::string const& file) {
  auto const failed = [&](std::string text) {
    return ConfigResult{nullptr, {{Severity::error, file, {}, std::move(text)}}};
  };
  std::ifstream in{file, std::ios::binary};
  if (!in)
    return failed("cannot be read; make one with  packetboat init --output " + file +
                  "  or name another with --config");
  std::string text(file_octets_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || in.gcount() < 0) return failed("cannot be read (is it a directory?)");
  if (static_cast<std::size_t>(in.gcount()) > file_octets_max) return failed("larger than 4 MiB");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_config(text, file);
}

std::vector<std::string> not_reloadable(Config const& before, Config const& after) {
  std::vector<std::string> names;
  if (before.data_dir != after.data_dir) names.emplace_back("data_dir");
  if (before.threads != after.threads) names.emplace_back("threads");
  if (before.user != after.user) names.emplace_back("user");
  if (before.confine != after.confine) names.emplace_back("confine");
  if (before.admin_socket != after.admin_socket) names.emplace_back("admin_socket");
  if (!(before.dns == after.dns)) names.emplace_back("dns");
  if (before.delivery.retry != after.delivery.retry) names.emplace_back("delivery.retry");
  if (before.delivery.warn_after != after.delivery.warn_after)
    names.emplace_back("delivery.warn_after");
  // The queue, its guards and the password pool are made once.
  for (LimitRow const& row : limit_rows())
    if (row.at_start && before.limits.*row.value != after.limits.*row.value)
      names.push_back("limits." + std::string{row.name});
  return names;
}

std::vector<std::string> changed(Config const& before, Config const& after) {
  std::vector<std::string> names = not_reloadable(before, after);
  auto const note = [&](bool differs, char const* name) {
    if (differs) names.emplace_back(name);
  };
  note(before.hostname != after.hostname, "hostname");
  note(before.postmaster != after.postmaster, "postmaster");
  note(before.listeners != after.listeners, "listener");
  note(before.certificates != after.certificates, "tls");
  note(before.domains != after.domains, "domain");
  note(!(before.networks == after.networks), "networks");
  note(!(before.limits == after.limits), "limits");
  note(!(before.log == after.log), "log");
  note(before.routes != after.routes, "route");
  note(before.credentials != after.credentials, "credential");
  note(before.egress != after.egress, "egress");
  note(!(before.delivery == after.delivery), "delivery");
  note(!(before.dkim == after.dkim), "dkim");
  note(!(before.dmarc == after.dmarc), "dmarc");
  note(!(before.arc == after.arc), "arc");
  return names;
}

std::string_view name_of(Role role) {
  switch (role) {
    case Role::relay:
      return "relay";
    case Role::submission:
      return "submission";
    case Role::submissions:
      return "submissions";
    case Role::submission_alt:
      return "submission-alt";
  }
  return "";
}

std::string_view name_of(Security security) {
  switch (security) {
    case Security::automatic:
      return "auto";
    case Security::strict:
      return "strict";
  }
  return "";
}

bool is_submission(Role role) {
  switch (role) {
    case Role::relay:
      return false;
    case Role::submission:
    case Role::submissions:
    case Role::submission_alt:
      return true;
  }
  return false;
}
}  // namespace pb::app
