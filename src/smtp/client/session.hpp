// session.hpp: one SMTP or LMTP client session, sans-I/O: bytes in, Steps out.
// Spec: RFC 5321 §3, PIPELINING RFC 2920, CHUNKING RFC 3030, LMTP RFC 2033, STARTTLS RFC 3207.
// Tests: session_test.cpp, tests/dialogues.     Not here: sockets (runtime/), what a refusal means
// (delivery/classify).
//
// Invariants: 1. Two cursors: commands are sent ahead of replies only where RFC 2920 allows, and
// replies are matched in order. 2. AUTH is never sent before TLS is trusted. 3. Nothing learnt
// before STARTTLS is used behind it. 4. The end of data is sent only when all content was.
// 5. RSET goes only in front of the transaction after a failed one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sasl/client.hpp"
#include "smtp/client/capabilities.hpp"
#include "smtp/client/step.hpp"

namespace pb::smtp::client {
enum class Protocol : std::uint8_t { smtp, lmtp };

/// When the session is encrypted.
enum class TlsUse : std::uint8_t {
  never,
  opportunistic,  // STARTTLS where it is offered; whom we reach is not verified
  required,       // STARTTLS or nothing; whom we reach is not verified
  verified,       // STARTTLS or nothing, and TlsAnswer::trusted
  implicit,       // from the first byte on, and TlsAnswer::trusted
  implicit_unverified
};

struct Settings {
  std::string ehlo_name;  // our name, or an address literal
  Protocol protocol = Protocol::smtp;
  TlsUse tls = TlsUse::opportunistic;
  /// Used only where TLS is trusted; a server that does not let us log in gets no mail.
  std::optional<sasl::Credentials> credentials;
  bool use_pipelining = true;  // false: a command waits for the reply of the one before
  bool use_chunking = true;
  bool record_dialogue = true;
  std::string client_nonce;  // for SCRAM: at least 18 random printable characters, no comma
  std::string server_host;   // as configured, with the port: for OAUTHBEARER
  std::uint16_t server_port = 0;
};

/// What became of a handshake.
struct TlsAnswer {
  bool established = false;
  /// Chain and name verify, or satisfy what the operator wrote out in their place (tls_verify).
  bool trusted = false;
  std::string version;
  std::string cipher;
  std::string channel_binding;  // tls-exporter octets (RFC 9266); empty: none
  std::string problem;          // printable; of a failed or untrusted handshake
};

inline constexpr std::size_t dialogue_lines_max = 200;
inline constexpr std::size_t dialogue_line_octets_max = 1024;

class Session {
 public:
  explicit Session(Settings settings);
  ~Session();
  Session(Session&&) noexcept;

  /// The next effect. Takes bytes off the front of `input`; gives what is left when called again.
  Step next(std::string_view& input);

  /// Opens a transaction; before the greeting, too. Only when usable().
  void begin(Transaction transaction);
  /// One command of an extension, without its line end; the next Idle means that answer() is
  /// there. Only when ready and usable().
  void ask(std::string command);
  [[nodiscard]] std::optional<RemoteReply> const& answer() const;
  /// Answers to NeedBody and StartTls.
  void on_body(std::string_view bytes);
  void on_body_failed();
  void on_tls(TlsAnswer answer);

  void on_timeout();
  void on_end_of_input();
  /// The connection could not be made (Fault::connect_failed or timeout): next() gives Done, then
  /// Closed.
  void on_connect_failed(Fault fault, std::string detail);
  /// Ends it: QUIT when idle; an open transaction is cancelled, except behind its end of data.
  void quit();

  /// No transaction is open and another may begin.
  [[nodiscard]] bool usable() const;
  /// Greeting, EHLO, TLS and AUTH are behind us.
  [[nodiscard]] bool is_ready() const;
  [[nodiscard]] Capabilities const& capabilities() const;
  [[nodiscard]] std::optional<RemoteReply> const& greeting() const;
  [[nodiscard]] std::optional<TlsAnswer> const& tls() const;
  [[nodiscard]] Phase phase() const;
  /// What was said since the last call, at most `dialogue_lines_max`.
  [[nodiscard]] std::vector<DialogueLine> take_dialogue();
  /// Messages that were sent to their end in this session.
  [[nodiscard]] std::size_t transactions() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::smtp::client
