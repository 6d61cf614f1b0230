// server_settings.hpp: what the server, its listeners and their TLS are told, as plain values.
// Spec: docs/reference (listener, [tls], [limits]).     Not here: reading a file (app/config).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ip.hpp"
#include "policy/security_choice.hpp"
#include "runtime/services.hpp"
#include "smtp/server/facts.hpp"
#include "smtp/server/session.hpp"

namespace pb::runtime {
/// One certificate with its key. Contents, not paths: root may be gone at reload (decision 8).
struct CertificateSettings {
  /// Names that SNI picks it by, "mail.example.org" or "*.example.org"; empty: those in the
  /// certificate itself. Also used for what no name matches when it stands first.
  std::vector<std::string> names;
  std::string chain_pem;  // leaf first
  std::string key_pem;    // unencrypted; never logged
  std::string source;     // file name, for errors and logs
};

struct TlsSettings {
  std::vector<CertificateSettings> certificates;  // empty: no TLS; the first is the default
};

struct ListenerSettings {
  Endpoint address;   // port 0: the kernel picks one (tests)
  std::string label;  // as configured, for logs; empty: address.text()
  /// submissions begins with TLS, the others with a greeting (but see `security`).
  smtp::server::Role role = smtp::server::Role::relay;
  smtp::server::Security security = smtp::server::Security::automatic;
  bool proxy_protocol = false;  // only peers in ServerSettings::proxy_networks, only with a header
  std::string client_ca_pem;    // empty: no client certificate is asked for
  bool sandbox = false;
  /// What its sessions are told. starttls_offered is meant for a session still in the clear.
  std::shared_ptr<smtp::server::Settings const> session;
};

/// Defaults are those of the documented table; every one can be configured.
struct LimitSettings {
  std::size_t sessions_per_core = 1000;   // strangers; loopback and trusted are exempt
  std::size_t sessions_per_network = 50;  // a /32 or /64; same exemption
  std::size_t descriptors_reserve = 256;  // kept free for the store, logs and deliveries
  Duration tls_handshake_wait = limits::tls_handshake_wait;
  Duration write_wait = std::chrono::minutes{5};  // a peer that does not read our replies
  policy::OpeningWaits opening;                   // for a ClientHello, before the greeting
  Duration proxy_header_wait = std::chrono::seconds{5};
  Duration drain_wait = std::chrono::seconds{30};  // open transactions at shutdown
};

/// One immutable value: reload swaps it whole, a session keeps the one it began with.
struct ServerSettings {
  std::vector<ListenerSettings> listeners;
  TlsSettings tls;
  LimitSettings limits;
  std::vector<Network> proxy_networks;  // [networks] proxy
  Services services;
};
}  // namespace pb::runtime
