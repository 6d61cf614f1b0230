// probe_facts.hpp: what a probe measures, as plain values. Filled by runtime/prober and by tests.
// Spec: docs/reference/command-line.md (the ladder). Peer text in here is raw: escape it before
// showing.
// Not here: what it means (verdict.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "advisor/ports.hpp"
#include "base/ip.hpp"

namespace pb::advisor {
using Millis = std::chrono::milliseconds;

/// The words of packetboat.probe/1: "open", "timeout", "refused", "unreachable", "local-policy".
enum class Tcp : std::uint8_t { unknown, open, timeout, refused, unreachable, local_policy };
std::string_view name(Tcp tcp);

struct ConnectFacts {
  Tcp tcp = Tcp::unknown;
  int error = 0;         // errno, 0 when open or when the wait ended
  bool by_icmp = false;  // the error came in an ICMP message, of this type and code
  unsigned icmp_type = 0, icmp_code = 0;
  bool sent_nothing = false;  // a timeout, and the kernel could not even send
  Millis took{0};
};

enum class Opening : std::uint8_t {
  none,     // not connected
  smtp,     // a reply
  silence,  // nothing until the wait ended
  http,
  other_service,  // IMAP, POP3, SSH
  garbage,
  closed,
  reset,
};

struct EhloFacts {
  bool asked = false;
  int code = 0;                       // 0: no complete reply
  std::vector<std::string> keywords;  // upper case, with parameters
  std::vector<std::string> auth;      // mechanisms, upper case
  bool starttls = false;
  bool masked = false;   // a keyword overwritten with X, or a banner of asterisks
  bool endless = false;  // gave up: more than the limits
  enum class End : std::uint8_t { replied, silence, closed, reset } end = End::replied;
};

enum class StartTls : std::uint8_t { not_asked, ready, refused, silence, closed };

enum class Handshake : std::uint8_t {
  not_tried,
  ok,
  closed,
  reset,
  silence,
  not_tls,      // the answer is no TLS record
  old_version,  // one side speaks only TLS 1.0 or 1.1
  no_cipher,
  weak_key,
  wants_certificate,
  refused,  // another alert
};

/// One error of certificate verification, told by its kind.
enum class CertError : std::uint8_t {
  expired,
  not_yet_valid,
  self_signed,       // the leaf itself
  self_signed_root,  // an unknown root was sent along
  issuer_not_found,  // no link to a trusted root
  wrong_purpose,
  weak,
  other,
};
struct CertFacts {
  std::string subject, issuer;  // RFC 4514 text
  std::string common_name;
  std::vector<std::string> names;              // DNS names and addresses
  std::int64_t not_before = 0, not_after = 0;  // seconds since 1970
  std::string sha256{};                        // hex, of the DER
  std::string der{};                           // as it came: for TLSA records (RFC 6698 §2.1)
  bool has_issuer_url = false;                 // AIA caIssuers
};
struct TlsFacts {
  Handshake handshake = Handshake::not_tried;
  std::string version, cipher;    // "TLS 1.3"
  std::vector<CertFacts> chain;   // as sent, the leaf first
  std::vector<CertError> errors;  // each once
  bool name_matches = false;
  bool asked_certificate = false;  // the server wanted one of the client
  std::string plain_answer;        // what came instead of a TLS record, cut
  bool store_empty = false;        // no trusted issuer is known on this computer
  [[nodiscard]] bool verified() const {
    return handshake == Handshake::ok && errors.empty() && name_matches;
  }
};

enum class Login : std::uint8_t { not_tried, accepted, refused, closed, no_mechanism };

/// One endpoint, one or two connections (the second begins with TLS).
struct AttemptFacts {
  Endpoint endpoint;
  ConnectFacts connect;
  Opening opening = Opening::none;
  Millis greeting_after{0};
  int greeting_code = 0;
  std::string greeting;  // the first reply, joined with LF
  EhloFacts before;      // in the clear
  StartTls starttls = StartTls::not_asked;
  int starttls_code = 0;
  bool injected = false;  // plain bytes were taken, or given, behind STARTTLS
  TlsFacts tls;
  bool implicit_tls = false;  // TLS came first
  EhloFacts after;            // within TLS
  Login login = Login::not_tried;
  std::string login_reply;
  bool retried_alone = false;  // the first try met 421 or a limit
  std::string transcript;      // raw, only where asked for
};

struct PortFacts {
  std::uint16_t port = 0;
  std::vector<AttemptFacts> attempts;  // at most one full ladder a family
};

enum class NameState : std::uint8_t { ok, not_found, no_address, server_failed, no_answer, bogus };
struct NameFacts {
  bool literal = false;  // an address was given
  bool malformed = false;
  NameState system = NameState::ok;  // getaddrinfo
  std::vector<IpAddress> addresses;  // of getaddrinfo, in its order
  std::string canonical;             // what getaddrinfo made of the name
  bool asked = false;                // our own question was put
  NameState direct = NameState::ok;  // DNS, asked directly
  std::vector<IpAddress> direct_addresses;
};

struct ControlFacts {
  std::string host;
  std::uint16_t port = 0;
  enum class Role : std::uint8_t { other_server, web_port, closed_port } role = Role::other_server;
  AttemptFacts attempt;
};

/// One TLS version of --deep; the ciphers in the order in which the server picks them.
struct SweptVersion {
  std::string version;  // "TLS 1.2"
  bool spoken = false;
  std::vector<std::string> ciphers;
};

struct ProbeFacts {
  std::string target;    // as typed
  std::string host;      // what is connected to
  std::int64_t now = 0;  // seconds since 1970, for certificates
  NameFacts name{};
  std::vector<PortFacts> ports{};
  std::vector<ControlFacts> controls{};
  std::vector<AttemptFacts> further{};  // TCP only: other addresses of the host
  Millis took{0};
  bool in_container = false;
  std::uint16_t swept_port = 0;  // of --deep; 0: none
  std::vector<SweptVersion> swept{};
};
}  // namespace pb::advisor
