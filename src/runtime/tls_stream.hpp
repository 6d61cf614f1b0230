// tls_stream.hpp: TLS over a non-blocking socket, either role, as steps that never wait.
// Spec: RFC 8446, RFC 5246; exporter RFC 9266; ARCHITECTURE.md decision 5. Tests:
// tls_stream_test.cpp Not here: waiting for the socket (connection.hpp), contexts
// (tls_context.hpp).
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/tls_context.hpp"
#include "smtp/server/facts.hpp"

namespace pb::runtime {
enum class TlsState : std::uint8_t { done, want_read, want_write, closed, failed };
/// `octets` is what moved, when `done`.
struct TlsProgress {
  TlsState state = TlsState::failed;
  std::size_t octets = 0;
};

/// A TLSA record's data as DNS gave it (RFC 6698 §2.1).
struct TlsaData {
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching = 0;
  std::string data;  // octets
};

struct SslSessionDeleter {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SslSession = std::unique_ptr<SSL_SESSION, SslSessionDeleter>;

/// What a client demands and offers. Nothing demanded: any certificate will do (opportunistic);
/// TlsPeer still says what a check would have found.
struct ClientTlsOptions {
  std::string server_name = {};               // SNI; empty: none. A-labels.
  std::vector<std::string> match_names = {};  // one of these must be in the certificate; empty: any
  bool require_trusted = false;               // chain to a root and a matching name, else it fails
  std::vector<TlsaData> tlsa = {};            // DANE (RFC 7672): then these decide, not the roots
  std::string dane_base_domain = {};          // with tlsa: the TLSA base domain
  SSL_SESSION* resume = nullptr;              // borrowed for the call; nullptr: full handshake
  std::function<void(SslSession)> on_session = {};  // each new ticket; runs inside read()
};

/// What a client learnt of its peer.
struct TlsPeer {
  bool trusted = false;  // the check (roots and names, or TLSA) passed
  std::string why_not;   // OpenSSL's words when not trusted
  bool resumed = false;
  std::string chain_pem = {};  // as sent, leaf first; empty after resumption without it
};

class TlsStream {
 public:
  /// The descriptor must be non-blocking and outlive this. Reads no byte before handshake().
  static TlsStream server(std::shared_ptr<ServerTls const> tls, int descriptor);
  static TlsStream client(ClientTls const& tls, int descriptor, ClientTlsOptions options);
  ~TlsStream();
  TlsStream(TlsStream&&) noexcept;
  TlsStream& operator=(TlsStream&&) noexcept;

  TlsProgress handshake();
  TlsProgress read(std::span<char> into);     // done with 0 octets never happens
  TlsProgress write(std::string_view bytes);  // may take part; ask again with the rest
  /// Sends close_notify once, waits for nothing. No other call may follow.
  void close_notify();

  /// Decrypted octets that wait in OpenSSL: to be read before waiting for the socket.
  [[nodiscard]] std::size_t pending() const;
  /// After the handshake.
  [[nodiscard]] smtp::server::TlsFacts facts() const;
  [[nodiscard]] TlsPeer peer() const;
  /// After `failed`: what OpenSSL says ("http request", "unknown ca"); static while nothing fails.
  [[nodiscard]] std::string const& error_text() const { return error_text_; }

 private:
  explicit TlsStream(SSL* ssl);
  TlsProgress outcome(int result, std::size_t octets);
  struct Deleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::shared_ptr<ServerTls const> server_tls_;  // until the handshake ends: SNI looks names up
  std::unique_ptr<std::function<void(SslSession)>> on_session_;  // its address is in the SSL
  std::unique_ptr<SSL, Deleter> ssl_;
  std::string error_text_;
  bool broken_ = false;  // after a fatal error no close_notify may be sent
};
}  // namespace pb::runtime
