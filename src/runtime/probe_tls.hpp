// probe_tls.hpp: the client's side of a TLS handshake over bytes, and the facts about it.
// Spec: RFC 8446, RFC 5280 §6, RFC 9525 (names). Verifies itself, so that all errors are known.
// Not here: sockets (prober), what the facts mean (advisor/verdict).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "advisor/probe_facts.hpp"

namespace pb::runtime {
/// Trusted issuers: the system's, or those of a file. Loaded once for a probe.
class TrustStore {
 public:
  /// Empty path: the system's store. A file that cannot be read gives an empty store.
  explicit TrustStore(std::string const& ca_file);
  ~TrustStore();
  TrustStore(TrustStore const&) = delete;
  TrustStore& operator=(TrustStore const&) = delete;
  [[nodiscard]] bool empty() const;
  struct State;
  [[nodiscard]] State const& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// What a handshake offers. The default is what programs offer today.
struct TlsOffer {
  int version = 0;      // of OpenSSL, alone, at its lowest security level; 0: TLS 1.2 and newer
  std::string ciphers;  // of OpenSSL, below TLS 1.3; empty: the library's
};

class ProbeTls {
 public:
  /// `now`: seconds since 1970, for the dates of certificates.
  ProbeTls(TrustStore const& store, std::string host, std::int64_t now, TlsOffer const& offer = {});
  ~ProbeTls();
  ProbeTls(ProbeTls const&) = delete;
  ProbeTls& operator=(ProbeTls const&) = delete;

  enum class Progress { wants_bytes, established, failed };
  Progress handshake(std::string_view received);
  /// The connection ended during the handshake.
  void ended(advisor::Handshake how);
  /// Ciphertext that must be sent now.
  std::string take_output();
  /// Plaintext of what was received; nullopt when the peer closed or broke the session.
  std::optional<std::string> decrypt(std::string_view received);
  void encrypt(std::string_view plaintext);
  [[nodiscard]] advisor::TlsFacts const& facts() const { return facts_; }

 private:
  struct Session;
  static std::unique_ptr<Session> prepare(std::string const& host, TlsOffer const& offer);
  void read_facts();
  void read_failure();
  std::unique_ptr<Session> session_;
  TrustStore const& store_;
  std::string host_;
  std::int64_t now_;
  advisor::TlsFacts facts_;
};
}  // namespace pb::runtime
