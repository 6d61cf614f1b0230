// session.hpp: one SMTP server session, sans-I/O: bytes in, Steps out.        Tests:
// session_test.cpp, tests/dialogues.  Spec: RFC 5321; extensions: smtp/server/ehlo.cpp.      Not
// here: sockets (runtime/).
//
// Invariants: 1. One step at a time: next() is not called while an Ask, AskAuth, AskProbe,
// StartTls, AppendBody or Commit waits for its answer. 2. No input is consumed while asked. 3. No
// state of before STARTTLS is left behind it. 4. A body byte is given out at most once. 5. "250"
// for a message is sent only after on_committed(durable).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "smtp/server/facts.hpp"
#include "smtp/server/step.hpp"

namespace pb::smtp::server {
/// What a listener's role and the configuration give to each of its sessions; shared, immutable.
struct Settings {
  std::string hostname;  // in the greeting, EHLO and Received
  Role role = Role::relay;
  Security security = Security::automatic;
  bool starttls_offered = false;                // a certificate exists and TLS is not active
  bool auth_offered = false;                    // by role
  bool auth_in_clear = false;                   // sandbox only
  bool tls_required = false;                    // before AUTH and MAIL (530 5.7.0)
  std::vector<sasl::MechanismName> mechanisms;  // in the order offered
  std::uint64_t message_octets_max = 50ULL << 20;
  std::size_t recipients_max = 1000;
  std::size_t commands_max = 10'000;      // without a message accepted
  std::size_t errors_max = 20;            // a session; then 421 4.7.0 and close
  std::size_t transactions_max = 10'000;  // MAILMAX of LIMITS (RFC 9422)
  std::size_t auth_failures_max = 5;
  std::vector<std::uint16_t> probe_ports;  // of XPROBE, for accounts; empty: it is not offered
  bool futurerelease = false, mt_priority = false, deliverby = false;  // offered by role
  Duration idle_wait = limits::command_wait;
};

/// A complete message, as Commit hands it out. The body's bytes went to the sink by AppendBody.
struct ReceivedMessage {
  mail::Envelope envelope;
  mail::HeaderSection header;  // edited (Bcc, Return-Path, forged results out; Date, Message-ID in)
  std::string trace;           // Received (and what policy added)
  Verdict verdict;             // of end_of_data: accept, hold or discard
  std::uint64_t body_octets = 0;  // without the header section and the empty line
  bool empty_line = true;         // false: the message ended within its header section
};

class Session {
 public:
  Session(std::shared_ptr<Settings const> settings, SessionFacts facts, Clock const& clock,
          Random& random);
  ~Session();
  Session(Session&&) noexcept;

  /// The next effect. Takes what it understands off the front of `input`; what it leaves must be
  /// given again, with more behind it, after ReadMore.
  Step next(std::string_view& input);

  void on_verdict(Verdict verdict);
  void on_auth_answer(sasl::Answer answer);
  void on_probe_answer(ProbeAnswer answer);
  void on_tls(TlsFacts tls);
  void on_appended(SinkAnswer answer);
  void on_committed(CommitAnswer answer);
  /// The peer closed, the wait passed, or the server drains: next() then gives the last steps.
  void on_end_of_input();
  void on_timeout();
  void on_shutdown();

  [[nodiscard]] SessionFacts const& facts() const;
  /// While Ask{connect} waits (at the start and again behind XCLIENT): trust and names for the
  /// address that facts().peer.peer now has.
  void set_peer(PeerFacts peer);
  /// The queue id that the received message will have: chosen before Received is written.
  void set_queue_id(QueueId id);
  /// After Commit, before on_committed(): the message, moved out.
  [[nodiscard]] ReceivedMessage take_message();
  /// Where a message is being received: the sink may be opened (true from the first AppendBody on).
  [[nodiscard]] bool in_message() const;

  struct Impl;  // session_impl.hpp; named here for the dispatch table

 private:
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::smtp::server
