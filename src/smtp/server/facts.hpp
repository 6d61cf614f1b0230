// facts.hpp: what is known of a session and its transaction when policy is asked.
// Spec: ARCHITECTURE.md "Judge"; roles: docs/reference/roles.md.          Not here: deciding
// (policy/).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/ip.hpp"
#include "mail/envelope.hpp"
#include "mail/header_section.hpp"

namespace pb::smtp::server {
enum class Role : std::uint8_t { relay, submission, submissions, submission_alt };
enum class Security : std::uint8_t { automatic, strict };

/// What became of the TLS handshake; inactive: all empty.
struct TlsFacts {
  bool active = false;
  bool implicit = false;  // TLS from the first byte, not by STARTTLS
  std::string version;    // "TLSv1.3"
  std::string cipher;     // IANA or OpenSSL name
  unsigned cipher_bits = 0;
  std::string server_name;      // SNI, escaped; empty: none sent
  std::string channel_binding;  // tls-exporter octets (RFC 9266)
  std::string client_identity;  // verified client certificate's account name; empty: none
};

/// Addresses that trust, limits, SPF and logs use: what PROXY or XCLIENT gave, else the socket's.
struct PeerFacts {
  Endpoint peer;
  Endpoint local;
  Endpoint socket_peer;  // who really connected (a load balancer)
  bool trusted = false;  // [networks] trusted
  /// [networks] xclient, by the address before any XCLIENT: the socket's, or what PROXY gave (else
  /// everybody behind a load balancer could claim a trusted address).
  bool may_xclient = false;
  bool xclient_login = false;  // [networks] xclient_login
  bool normalise_lines = false;
  std::string host_name;  // verified reverse name; empty: none or unknown
};

struct MessageFacts {
  std::uint64_t octets = 0;                     // as received, after dot removal
  bool eight_bit = false;                       // a byte over 0x7F was seen in header or body
  mail::HeaderSection const* header = nullptr;  // complete from Stage::header on
};

/// Everything known; grows as the session goes on and is emptied where the RFC says so.
struct SessionFacts {
  SessionId session;
  Role role = Role::relay;
  std::string listener;  // its configured address, for logs
  bool sandbox = false;
  PeerFacts peer;
  TlsFacts tls;
  std::string helo;  // EHLO/HELO argument; empty before
  bool esmtp = false;
  std::string account;  // authenticated account; empty: none
  std::string auth_mechanism;
  mail::Envelope envelope;                     // of the open transaction
  std::optional<mail::ForwardPath> recipient;  // at Stage::rcpt: the one being asked about
  MessageFacts message;
};
}  // namespace pb::smtp::server
