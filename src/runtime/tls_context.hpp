// tls_context.hpp: what a handshake is made with: versions, ciphers, certificates by name, tickets.
// Spec: RFC 9325 (BCP 195), RFC 6066 §3 (SNI), RFC 8446 §4.6.1, RFC 5077.  Tests:
// tls_stream_test.cpp Not here: the bytes (tls_stream.hpp), certificate files (app/), trust
// decisions (delivery/).
#pragma once

#include <openssl/ssl.h>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "runtime/server_settings.hpp"

namespace pb::runtime {
struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

/// Seals session tickets for every core, name and listener; outlives reloads, so that a client
/// resumes after them. A key seals for 12 h and opens for 24 h. Thread-safe.
class TicketKeys {
 public:
  explicit TicketKeys(Clock const& clock);
  ~TicketKeys();
  TicketKeys(TicketKeys const&) = delete;
  TicketKeys& operator=(TicketKeys const&) = delete;
  void install(SSL_CTX* context);  // must outlive every handshake of this context

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

struct ServerTlsOptions {
  TicketKeys* tickets = nullptr;   // nullptr: none issued (role relay: mox#237, maddy#730)
  std::string client_ca_pem = {};  // empty: no client certificate is asked for
};

/// The server's side for one listener: a context a certificate, chosen by SNI. Immutable.
class ServerTls {
 public:
  /// The error names the certificate's source and what is wrong with it.
  static std::expected<std::shared_ptr<ServerTls const>, std::string> make(
      TlsSettings const& settings, ServerTlsOptions options);
  ~ServerTls();
  ServerTls(ServerTls const&) = delete;
  ServerTls& operator=(ServerTls const&) = delete;
  /// A fresh SSL in accept state; it keeps its context alive by itself.
  [[nodiscard]] SSL* make_ssl() const;

 private:
  struct Impl;
  explicit ServerTls(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The client's side: one for all connections; what to demand of a peer is said per connection.
class ClientTls {
 public:
  /// `roots_pem` empty: the system's trust store. ECDHE with AEAD preferred, TLS 1.2 at least.
  static std::expected<std::shared_ptr<ClientTls const>, std::string> make(
      std::string const& roots_pem = {});
  [[nodiscard]] SSL_CTX* context() const { return context_.get(); }

 private:
  SslContext context_;
};

/// The text of OpenSSL's first waiting error, without its numbers; empties the queue.
std::string take_openssl_error();
}  // namespace pb::runtime
