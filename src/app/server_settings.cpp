// server_settings.cpp: a configuration turned into what the listening server is told.
// Spec: docs/reference/roles.md, docs/reference/configuration.md.
// Tests: tests/end_to_end/serve_test.py
// Not here: what the settings do (runtime/server_settings.hpp, policy/roles.hpp).
#include "app/server_settings.hpp"

#include <algorithm>

#include "advisor/providers.hpp"
#include "app/address_files.hpp"
#include "policy/roles.hpp"

namespace pb::app {
namespace {
using smtp::server::Role;

Duration duration_of(std::uint64_t milliseconds) {
  return Duration{static_cast<Duration::rep>(milliseconds)};
}

std::shared_ptr<smtp::server::Settings const> session_settings(Config const& config,
                                                               ListenerConfig const& listener) {
  auto session = std::make_shared<smtp::server::Settings>();
  session->hostname = config.hostname;
  session->role = listener.role;
  session->security = listener.security;
  session->starttls_offered = !config.certificates.empty();
  session->message_octets_max = config.limits.message_size;
  session->recipients_max = config.limits.recipients;
  session->commands_max = config.limits.commands;
  session->errors_max = config.limits.errors;
  session->transactions_max = config.limits.transactions;
  session->auth_failures_max = config.limits.auth_failures;
  // The sandbox measures nothing: it asks no DNS.
  bool const probes = !config.sandbox && config.limits.xprobe_per_hour > 0;
  if (probes) session->probe_ports = advisor::ports_to_probe();
  session->idle_wait = duration_of(config.limits.idle);
  policy::apply_role(*session, listener.role,
                     config.sandbox ? policy::Sandbox::yes : policy::Sandbox::no);
  return session;
}

runtime::ListenerSettings listener_settings(LoadedConfig const& loaded,
                                            ListenerConfig const& listener) {
  runtime::ListenerSettings out;
  out.address = listener.address;
  out.label = listener.address.text();
  out.role = listener.role;
  out.security = listener.security;
  out.proxy_protocol = listener.proxy_protocol;
  out.client_ca_pem = loaded.content(listener.client_ca);
  out.sandbox = loaded.config->sandbox;
  out.session = session_settings(*loaded.config, listener);
  return out;
}

runtime::LimitSettings limit_settings(Limits const& limits) {
  runtime::LimitSettings out;
  out.sessions_per_core = limits.sessions_per_core;
  out.sessions_per_network = limits.sessions_per_network;
  out.descriptors_reserve = limits.descriptors_reserve;
  out.tls_handshake_wait = duration_of(limits.tls_handshake);
  out.opening.hello_max = duration_of(limits.client_hello);
  out.opening.hello_known = std::min(out.opening.hello_known, out.opening.hello_max);
  out.opening.hello_first = std::min(out.opening.hello_first, out.opening.hello_max);
  out.opening.silence = duration_of(limits.silence);
  out.proxy_header_wait = duration_of(limits.proxy_header);
  out.write_wait = duration_of(limits.write);
  out.drain_wait = duration_of(limits.drain);
  return out;
}
}  // namespace

std::shared_ptr<runtime::ServerSettings const> server_settings(LoadedConfig const& loaded,
                                                               runtime::Services services) {
  Config const& config = *loaded.config;
  auto out = std::make_shared<runtime::ServerSettings>();
  for (ListenerConfig const& listener : config.listeners)
    out->listeners.push_back(listener_settings(loaded, listener));
  for (CertificateFiles const& pair : config.certificates) {
    if (pair.certificate.empty()) continue;  // [[tls.sni]] without [tls]
    out->tls.certificates.push_back(
        {pair.names, loaded.content(pair.certificate), loaded.content(pair.key), pair.certificate});
  }
  out->limits = limit_settings(config.limits);
  out->proxy_networks = config.networks.proxy;
  out->services = std::move(services);
  return out;
}

policy::NetworkTable network_table(Config const& config) {
  return {config.networks.trusted, config.networks.xclient, config.networks.normalise_lines,
          config.networks.xclient_login};
}

std::vector<std::string> our_domains(Config const& config) {
  std::vector<std::string> names;
  for (DomainConfig const& domain : config.domains) names.push_back(domain.name);
  return names;
}

std::shared_ptr<accounts::Directory const> directory_of(LoadedConfig const& loaded,
                                                        std::vector<accounts::Account> accounts) {
  std::vector<accounts::DomainRules> rules;
  for (DomainConfig const& domain : loaded.config->domains) {
    accounts::DomainRules one;
    auto const parsed = mail::parse_domain(domain.name, mail::Utf8::allow);
    one.name = parsed ? parsed->key() : domain.name;
    one.catch_all = domain.catch_all;
    one.plus_addressing = domain.plus_addressing;
    one.any_recipient = domain.recipients == "any";
    // Their mistakes were told when the configuration was read (config_files).
    std::vector<Problem> told;
    one.aliases = parse_aliases(loaded.content(domain.aliases), domain.aliases, told);
    bool const from_file = !domain.recipients.empty() && !one.any_recipient;
    if (from_file)
      one.aliases.merge(
          parse_recipients(loaded.content(domain.recipients), domain, domain.recipients, told));
    rules.push_back(std::move(one));
  }
  return std::make_shared<accounts::Directory const>(
      std::move(accounts), std::move(rules), loaded.config->hostname, loaded.config->postmaster);
}
}  // namespace pb::app
