// config_keys.cpp: the table of every configuration key, and the reader of each.
// Spec: docs/reference/configuration.md is written from it.         Tests: config_test.cpp
// Not here: what fits together (config.cpp), [limits] (limits.cpp).
#include "app/config_keys.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "app/config_values.hpp"

namespace pb::app {
namespace {
using Error = std::optional<std::string>;

constexpr char const* dmarc_words = "record quarantine hold reject";

// Readers are one line each: which member takes the value.
constexpr std::array table{
    Key{"hostname", Kind::text, "required", "our name in greeting, EHLO, Received",
        [](Config& c, Entry const& e) { return take(e, c.hostname); }},
    Key{"data_dir", Kind::text, "required", "queue, accounts and journal; a directory of its own",
        [](Config& c, Entry const& e) { return take(e, c.data_dir); }},
    Key{"user", Kind::text, "stay who we are", "whom to become after binding, when root starts it",
        [](Config& c, Entry const& e) { return take(e, c.user); }},
    Key{"confine", Kind::flag, "true",
        "after start the server touches no file but its own and runs no program (landlock, "
        "seccomp)",
        [](Config& c, Entry const& e) { return take(e, c.confine); }},
    Key{"threads", Kind::number, "one a core", "loops that serve connections",
        [](Config& c, Entry const& e) { return take_number(e, c.threads, {0, 1024}); }},
    Key{"admin_socket", Kind::text, "admin.sock in data_dir", "unix socket of `user`, `queue`, ...",
        [](Config& c, Entry const& e) { return take(e, c.admin_socket); }},
    Key{"postmaster", Kind::text, "mailbox postmaster of each domain",
        "account or address that gets mail for postmaster@ and abuse@ where nobody else does",
        [](Config& c, Entry const& e) { return take(e, c.postmaster); }},

    Key{"listener.role", Kind::text, "required", "relay, submission, submissions, submission-alt",
        [](Config& c, Entry const& e) { return take_role(e, c.listeners[e.item]); }},
    Key{"listener.address", Kind::address, "required", "\"0.0.0.0:25\", \"[::]:587\"",
        [](Config& c, Entry const& e) { return take(e, c.listeners[e.item].address); }},
    Key{"listener.security", Kind::text, "\"auto\"",
        "auto: a client with the wrong TLS setting is served all the same; strict: it is refused",
        [](Config& c, Entry const& e) { return take_security(e, c.listeners[e.item].security); }},
    Key{"listener.proxy_protocol", Kind::flag, "false",
        "only peers in networks.proxy, only with a PROXY header (v1 or v2)",
        [](Config& c, Entry const& e) { return take(e, c.listeners[e.item].proxy_protocol); }},
    Key{"listener.client_ca", Kind::text, "none", "file; asks clients for a certificate of this CA",
        [](Config& c, Entry const& e) { return take(e, c.listeners[e.item].client_ca); }},
    Key{"listener.verify", Kind::flag, "true",
        "relay: SPF, DKIM, DMARC and ARC of mail from outside networks.trusted",
        [](Config& c, Entry const& e) { return take(e, c.listeners[e.item].verify); }},
    Key{"listener.dmarc", Kind::text, "\"record\"",
        "mail that fails DMARC against a policy: record (Maildir: into .Junk), quarantine (and "
        "X-Spam-Flag), hold, reject (where the policy is reject)",
        [](Config& c, Entry const& e) {
          return take_one_of(e, c.listeners[e.item].dmarc, dmarc_words);
        }},

    Key{"tls.certificate", Kind::text, "none", "file: chain in PEM, our own certificate first",
        [](Config& c, Entry const& e) { return take(e, default_pair(c).certificate); }},
    Key{"tls.key", Kind::text, "none", "file: its private key in PEM, without a passphrase",
        [](Config& c, Entry const& e) { return take(e, default_pair(c).key); }},
    Key{"tls.sni.name", Kind::texts, "names in the certificate",
        "names asked for by which this pair is chosen",
        [](Config& c, Entry const& e) { return take(e, sni_pair(c, e.item).names); }},
    Key{"tls.sni.certificate", Kind::text, "required", "as tls.certificate",
        [](Config& c, Entry const& e) { return take(e, sni_pair(c, e.item).certificate); }},
    Key{"tls.sni.key", Kind::text, "required", "as tls.key",
        [](Config& c, Entry const& e) { return take(e, sni_pair(c, e.item).key); }},

    Key{"domain.name", Kind::text, "required", "a domain that we receive mail for",
        [](Config& c, Entry const& e) { return take(e, c.domains[e.item].name); }},
    Key{"domain.deliver", Kind::text, "\"maildir:\" below data_dir",
        "lmtp:unix:PATH, lmtp:HOST:PORT, maildir:PATH with {domain} and {account}, sandbox, "
        "discard, reject",
        [](Config& c, Entry const& e) { return take(e, c.domains[e.item].deliver); }},
    Key{"domain.aliases", Kind::text, "none", "file of lines \"name: account or address, ...\"",
        [](Config& c, Entry const& e) { return take(e, c.domains[e.item].aliases); }},
    Key{"domain.catch_all", Kind::text, "none", "account that gets what has no other mailbox",
        [](Config& c, Entry const& e) { return take(e, c.domains[e.item].catch_all); }},
    Key{"domain.plus_addressing", Kind::flag, "true", "name+anything@ is name@",
        [](Config& c, Entry const& e) { return take(e, c.domains[e.item].plus_addressing); }},
    Key{"domain.recipients", Kind::text, "accounts, aliases, LMTP probe",
        "\"any\", or a file with one mailbox a line",
        [](Config& c, Entry const& e) { return take(e, c.domains[e.item].recipients); }},
    Key{"domain.language", Kind::text, "\"en\"", "of bounces to its people: en, zh-Hant, zh-Hans",
        [](Config& c, Entry const& e) { return take(e, c.domains[e.item].language); }},
    Key{"domain.dmarc", Kind::text, "the listener's",
        "as listener.dmarc; of several recipients' domains the mildest counts",
        [](Config& c, Entry const& e) {
          return take_one_of(e, c.domains[e.item].dmarc, dmarc_words);
        }},
    Key{"domain.dkim_selectors", Kind::texts, "all in its folder",
        "which of its DKIM keys sign (dkim.directory)",
        [](Config& c, Entry const& e) { return take(e, c.domains[e.item].dkim_selectors); }},

    Key{"networks.trusted", Kind::networks, "none", "may relay to anyone on port 25",
        [](Config& c, Entry const& e) { return take(e, c.networks.trusted); }},
    Key{"networks.xclient", Kind::networks, "none", "may use XCLIENT",
        [](Config& c, Entry const& e) { return take(e, c.networks.xclient); }},
    Key{"networks.xclient_login", Kind::flag, "false", "XCLIENT may also name the account (LOGIN)",
        [](Config& c, Entry const& e) { return take(e, c.networks.xclient_login); }},
    Key{"networks.proxy", Kind::networks, "none", "load balancers whose PROXY header is believed",
        [](Config& c, Entry const& e) { return take(e, c.networks.proxy); }},
    Key{"networks.normalise_lines", Kind::networks, "none", "may end lines with LF alone",
        [](Config& c, Entry const& e) { return take(e, c.networks.normalise_lines); }},
    Key{"networks.xprobe", Kind::networks, "none",
        "private, loopback and other addresses that are not public, which XPROBE may measure all "
        "the same",
        [](Config& c, Entry const& e) { return take(e, c.networks.xprobe); }},

    Key{"log.format", Kind::text, "\"auto\"", "auto: human on a terminal, else json; human; json",
        [](Config& c, Entry const& e) { return take_log_format(e, c.log.format); }},
    Key{"log.level", Kind::text, "\"info\"", "debug, info, warning, error",
        [](Config& c, Entry const& e) { return take_log_level(e, c.log.level); }},

    Key{"route.domain", Kind::text, "\"*\"", "a domain, \".example\" for those below it, or \"*\"",
        [](Config& c, Entry const& e) { return take(e, c.routes[e.item].domain); }},
    Key{"route.via", Kind::texts, "\"mx\"",
        "mx, or relay://, submission://, submissions:// with HOST:PORT; a list is tried in order",
        [](Config& c, Entry const& e) { return take(e, c.routes[e.item].via); }},
    Key{"route.egress", Kind::text, "none", "name of an [[egress]]",
        [](Config& c, Entry const& e) { return take(e, c.routes[e.item].egress); }},
    Key{"route.families", Kind::text, "\"any\"", "any, v4, v6",
        [](Config& c, Entry const& e) {
          return take_one_of(e, c.routes[e.item].families, "any v4 v6");
        }},
    Key{"route.tls_verify", Kind::text, "as the route needs it",
        "\"none\" or \"fingerprint:SHA256\" for a smarthost; shown by `check`",
        [](Config& c, Entry const& e) { return take(e, c.routes[e.item].tls_verify); }},

    Key{"credential.host", Kind::text, "required", "the smarthost that it is for",
        [](Config& c, Entry const& e) { return take(e, c.credentials[e.item].host); }},
    Key{"credential.user", Kind::text, "required", "its user name",
        [](Config& c, Entry const& e) { return take(e, c.credentials[e.item].user); }},
    Key{"credential.password_file", Kind::text, "this or password_env", "file; first line",
        [](Config& c, Entry const& e) { return take(e, c.credentials[e.item].password_file); }},
    Key{"credential.password_env", Kind::text, "this or password_file", "environment variable",
        [](Config& c, Entry const& e) { return take(e, c.credentials[e.item].password_env); }},

    Key{"egress.name", Kind::text, "required", "what route.egress calls it",
        [](Config& c, Entry const& e) { return take(e, c.egress[e.item].name); }},
    Key{"egress.source", Kind::text, "the system's choice", "address to connect from",
        [](Config& c, Entry const& e) { return take(e, c.egress[e.item].source); }},
    Key{"egress.ehlo", Kind::text, "hostname", "our name in EHLO from there",
        [](Config& c, Entry const& e) { return take(e, c.egress[e.item].ehlo); }},

    Key{"dns.servers", Kind::texts, "the system's", "\"127.0.0.1:5300\"; port 53 without one",
        [](Config& c, Entry const& e) { return take(e, c.dns.servers); }},
    Key{"dns.trust_anchor", Kind::text, "the system's", "file with the root's DNSSEC keys",
        [](Config& c, Entry const& e) { return take(e, c.dns.trust_anchor); }},

    Key{"delivery.mx_port", Kind::number, "25", "where MX hosts listen (tests)",
        [](Config& c, Entry const& e) { return take_port(e, c.delivery.mx_port); }},
    Key{"delivery.retry", Kind::durations, "[\"5m\", \"15m\", \"1h\", \"4h\"]",
        "waits between attempts; the last one repeats",
        [](Config& c, Entry const& e) { return take(e, c.delivery.retry); }},
    Key{"delivery.expire_after", Kind::duration, "\"5d\"", "then it bounces",
        [](Config& c, Entry const& e) { return take(e, c.delivery.expire_after); }},
    Key{"delivery.warn_after", Kind::duration, "\"4h\"", "then a delay warning is sent",
        [](Config& c, Entry const& e) { return take(e, c.delivery.warn_after); }},
    Key{"delivery.wait_max", Kind::duration, "\"10m\"",
        "longest wait for a next hop's reply; at 10m each wait is RFC 5321's own",
        [](Config& c, Entry const& e) { return take(e, c.delivery.wait_max); }},
    Key{"delivery.eight_bit", Kind::text, "\"auto\"",
        "next hop without 8BITMIME: auto, send, convert, bounce",
        [](Config& c, Entry const& e) {
          return take_one_of(e, c.delivery.eight_bit, "auto send convert bounce");
        }},
    Key{"delivery.srs_secret", Kind::text, "none",
        "file; its first line signs rewritten reverse-paths of forwarded mail (SRS)",
        [](Config& c, Entry const& e) { return take(e, c.delivery.srs_secret_file); }},

    Key{"dkim.directory", Kind::text, "dkim in data_dir",
        "keys that sign, DOMAIN/SELECTOR.pem; `packetboat dkim keygen` makes them",
        [](Config& c, Entry const& e) { return take(e, c.dkim.directory); }},

    Key{"dmarc.forwarders", Kind::texts, "none",
        "domains whose ARC seal is believed: what passed there is no failure here",
        [](Config& c, Entry const& e) { return take(e, c.dmarc.forwarders); }},
    Key{"dmarc.exceptions", Kind::texts, "none",
        "From domains, and those below them, that may fail DMARC",
        [](Config& c, Entry const& e) { return take(e, c.dmarc.exceptions); }},
    Key{"dmarc.reports", Kind::flag, "false",
        "collect results and send an aggregate report (RFC 9990) a day to each domain that asks",
        [](Config& c, Entry const& e) { return take(e, c.dmarc.reports); }},
    Key{"dmarc.report_every", Kind::duration, "\"1d\"",
        "time that one report covers; domains expect a day",
        [](Config& c, Entry const& e) { return take(e, c.dmarc.report_every); }},
    Key{"dmarc.report_from", Kind::text, "postmaster@ our hostname",
        "the address that aggregate reports come from and name as contact",
        [](Config& c, Entry const& e) { return take(e, c.dmarc.report_from); }},

    Key{"arc.key", Kind::text, "none",
        "DOMAIN/SELECTOR of a key in dkim.directory: mail that an alias leads elsewhere is sealed "
        "with it (ARC)",
        [](Config& c, Entry const& e) { return take(e, c.arc.key); }},
};

constexpr std::array<std::string_view, 6> arrays{"listener", "tls.sni",    "domain",
                                                 "route",    "credential", "egress"};

template <class T>
void make_room(std::vector<T>& list, Item const& item) {
  if (list.size() <= item.item) list.resize(item.item + 1);
  list[item.item].place = item.place;
}
}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::text:
      return "text";
    case Kind::flag:
      return "true or false";
    case Kind::number:
      return "number";
    case Kind::duration:
      return "duration";
    case Kind::octets:
      return "size";
    case Kind::percent:
      return "percent";
    case Kind::address:
      return "address:port";
    case Kind::networks:
      return "list of networks";
    case Kind::texts:
      return "text or list";
    case Kind::durations:
      return "list of durations";
  }
  return "";
}

std::span<Key const> config_keys() { return table; }

std::span<std::string_view const> key_paths() {
  static std::vector<std::string> const limit_paths = [] {
    std::vector<std::string> paths;
    for (LimitRow const& row : limit_rows()) paths.push_back("limits." + std::string{row.name});
    return paths;
  }();
  static std::vector<std::string_view> const paths = [] {
    std::vector<std::string_view> all;
    for (Key const& key : table) all.push_back(key.path);
    all.insert(all.end(), limit_paths.begin(), limit_paths.end());
    return all;
  }();
  return paths;
}

bool is_array_of_tables(std::string_view path) {
  return std::ranges::find(arrays, path) != arrays.end();
}

Error apply_entry(Config& config, Entry const& entry) {
  for (Key const& key : table)
    if (key.path == entry.path) return key.apply(config, entry);
  for (LimitRow const& row : limit_rows())
    if (entry.path == "limits." + std::string{row.name})
      return take_limit(entry, row, config.limits);
  return "unknown key";
}

void add_item(Config& config, Item const& item) {
  if (item.path == "listener") make_room(config.listeners, item);
  if (item.path == "domain") make_room(config.domains, item);
  if (item.path == "route") make_room(config.routes, item);
  if (item.path == "credential") make_room(config.credentials, item);
  if (item.path == "egress") make_room(config.egress, item);
  if (item.path == "tls.sni") sni_pair(config, item.item).place = item.place;
}

std::string configuration_reference() {
  std::string out =
      "# Configuration\n\nWritten by `packetboat check --reference` from the table in the code; a "
      "test compares them.\nUnknown keys are errors. Durations are a number and `ms s m h d w`, "
      "sizes a number and `KiB MiB GiB`.\n`[[listener]]`, `[[domain]]`, `[[route]]`, "
      "`[[credential]]`, `[[egress]]` and `[[tls.sni]]` may stand many times.\n\n"
      "| key | value | default | meaning |\n|---|---|---|---|\n";
  for (Key const& key : table) {
    out.append("| `").append(key.path).append("` | ").append(name_of(key.kind)).append(" | ");
    out.append(key.fallback).append(" | ").append(key.about).append(" |\n");
  }
  out += "\n## [limits]\n\n| key | default | lowest | highest | meaning |\n|---|---|---|---|---|\n";
  Limits const defaults;
  for (LimitRow const& row : limit_rows()) {
    out.append("| `limits.").append(row.name).append("` | ");
    for (std::uint64_t const value : {defaults.*row.value, row.lowest, row.highest})
      out.append(limit_text(row.unit, value)).append(" | ");
    out.append(row.about).append(" |\n");
  }
  return out;
}
}  // namespace pb::app
