// config.hpp: the configuration as one immutable value, and how it is read.  Tests: config_test.cpp
// Spec: docs/reference/configuration.md (made from config_keys.cpp).
// Not here: contents of the files it names (config_files.hpp), what is done with it (serve.cpp).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/limits.hpp"
#include "base/clock.hpp"
#include "base/ip.hpp"
#include "base/log.hpp"
#include "smtp/server/facts.hpp"

namespace pb::app {
/// Where something stands in the file, from 1; 0: nowhere in particular.
struct Place {
  unsigned line = 0;
  unsigned column = 0;
  friend bool operator==(Place, Place) { return true; }  // moving a line changes nothing
};

struct ListenerConfig {
  Place place;
  smtp::server::Role role = smtp::server::Role::relay;
  bool role_given = false;
  Endpoint address;
  smtp::server::Security security = smtp::server::Security::automatic;
  bool proxy_protocol = false;
  std::string client_ca;  // file; empty: no client certificate is asked for
  bool verify = true;     // relay: SPF, DKIM, DMARC, ARC of what strangers send
  std::string dmarc;      // record, quarantine, hold, reject; empty: record
  friend bool operator==(ListenerConfig const&, ListenerConfig const&) = default;
};

/// A certificate chain and its key, as files.
struct CertificateFiles {
  Place place;
  std::vector<std::string> names;  // of [[tls.sni]]; empty: those in the certificate
  std::string certificate;
  std::string key;
  friend bool operator==(CertificateFiles const&, CertificateFiles const&) = default;
};

struct DomainConfig {
  Place place;
  std::string name;
  std::string deliver;     // lmtp:..., maildir:..., sandbox, discard, reject; empty: maildir
  std::string aliases;     // file
  std::string catch_all;   // account
  std::string recipients;  // "": accounts and aliases; "any"; or a file
  bool plus_addressing = true;
  std::string language = "en";              // of bounces to this domain's people
  std::string dmarc;                        // as of a listener; empty: the listener's
  std::vector<std::string> dkim_selectors;  // that sign; empty: all in its folder
  friend bool operator==(DomainConfig const&, DomainConfig const&) = default;
};

struct NetworksConfig {
  std::vector<Network> trusted;
  std::vector<Network> xclient;
  std::vector<Network> proxy;
  std::vector<Network> normalise_lines;
  std::vector<Network> xprobe;
  bool xclient_login = false;
  friend bool operator==(NetworksConfig const&, NetworksConfig const&) = default;
};

enum class LogFormat : std::uint8_t { automatic, human, json };
struct LogConfig {
  LogFormat format = LogFormat::automatic;  // human on a terminal, JSON lines otherwise
  LogLevel level = LogLevel::info;
  friend bool operator==(LogConfig const&, LogConfig const&) = default;
};

struct RouteConfig {
  Place place;
  std::string domain = "*";
  std::vector<std::string> via;  // "mx" or URLs, tried in order
  std::string egress;            // name of an [[egress]]
  std::string families = "any";  // any, v4, v6
  std::string tls_verify;        // "", "none", "fingerprint:..."
  friend bool operator==(RouteConfig const&, RouteConfig const&) = default;
};

struct CredentialConfig {
  Place place;
  std::string host;
  std::string user;
  std::string password_file;
  std::string password_env;
  friend bool operator==(CredentialConfig const&, CredentialConfig const&) = default;
};

struct EgressConfig {
  Place place;
  std::string name;
  std::string source;  // address
  std::string ehlo;
  friend bool operator==(EgressConfig const&, EgressConfig const&) = default;
};

struct DnsConfig {
  std::vector<std::string> servers;  // "127.0.0.1:5300"; empty: the system's
  std::string trust_anchor;          // file; empty: the one that the system has
  friend bool operator==(DnsConfig const&, DnsConfig const&) = default;
};

struct DeliveryConfig {
  std::uint16_t mx_port = 25;
  std::vector<Duration> retry;  // the last step repeats
  Duration expire_after{0};
  Duration warn_after{0};
  Duration wait_max{0};            // for any one reply of a next hop
  std::string eight_bit = "auto";  // auto, send, convert, bounce
  std::string srs_secret_file;
  friend bool operator==(DeliveryConfig const&, DeliveryConfig const&) = default;
};

struct DkimConfig {
  std::string directory;  // DOMAIN/SELECTOR.pem; empty: dkim in data_dir
  friend bool operator==(DkimConfig const&, DkimConfig const&) = default;
};

struct DmarcConfig {
  std::vector<std::string> forwarders;  // domains whose ARC seals are believed
  std::vector<std::string> exceptions;  // From domains that may fail
  bool reports = false;                 // aggregate reports are collected and sent
  Duration report_every{0};             // between two reports to a domain
  std::string report_from;              // their author; empty: postmaster of hostname
  friend bool operator==(DmarcConfig const&, DmarcConfig const&) = default;
};

struct ArcConfig {
  std::string key;  // "DOMAIN/SELECTOR" of dkim.directory; empty: nothing is sealed
  friend bool operator==(ArcConfig const&, ArcConfig const&) = default;
};

struct Config {
  std::string file;  // where it was read from; empty: made by code (sandbox)
  std::string hostname;
  std::string data_dir;
  std::string user;           // whom to become after binding; empty: stay
  std::uint64_t threads = 0;  // 0: one a core
  std::string admin_socket;   // empty: admin.sock in data_dir
  std::string postmaster;     // account or address; empty: mailbox postmaster of each domain
  bool confine = true;        // landlock and seccomp after start
  bool sandbox = false;
  std::vector<ListenerConfig> listeners;
  std::vector<CertificateFiles> certificates;  // the default first
  std::vector<DomainConfig> domains;
  NetworksConfig networks;
  Limits limits;
  LogConfig log;
  std::vector<RouteConfig> routes;
  std::vector<CredentialConfig> credentials;
  std::vector<EgressConfig> egress;
  DnsConfig dns;
  DeliveryConfig delivery;
  DkimConfig dkim;
  DmarcConfig dmarc;
  ArcConfig arc;

  [[nodiscard]] std::string admin_socket_path() const;
  [[nodiscard]] std::string dkim_directory() const;
};

enum class Severity : std::uint8_t { error, warning };

/// One thing to change, in a sentence that says what to write.
struct Problem {
  Severity severity = Severity::error;
  std::string file;
  Place place;
  std::string text;
  /// "mail.toml:7:3: unknown key ..." (the form that editors jump to).
  [[nodiscard]] std::string line() const;
};

/// The value, when there is no error among the problems; warnings stay beside it.
struct ConfigResult {
  std::shared_ptr<Config const> config;  // shared: sessions and reload hold it; null: errors
  std::vector<Problem> problems;
};
/// `file` only names the text in problems.
ConfigResult parse_config(std::string_view toml, std::string const& file);
/// Reads at most 4 MiB.
ConfigResult load_config(std::string const& file);

/// What a reload cannot change: the names of the keys that differ (data_dir, threads, user).
std::vector<std::string> not_reloadable(Config const& before, Config const& after);
/// The keys and sections that differ, in the order of the reference.
std::vector<std::string> changed(Config const& before, Config const& after);

std::string_view name_of(smtp::server::Role role);
std::string_view name_of(smtp::server::Security security);
bool is_submission(smtp::server::Role role);
}  // namespace pb::app
