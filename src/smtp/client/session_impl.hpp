// session_impl.hpp: the client session's inside, shared by its three sources: session.cpp (steps
// and the receiver), setup.cpp (greeting to AUTH), transfer.cpp (one transaction, the sender).
// Spec: RFC 5321 §3; RFC 2920.                            Not here: the interface (session.hpp).
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sasl/client.hpp"
#include "smtp/client/body_encoder.hpp"
#include "smtp/client/session.hpp"

namespace pb::smtp::client {
/// What an outstanding reply answers.
enum class Expect : std::uint8_t {
  greeting,
  ehlo,
  helo,
  starttls,
  auth,
  auth_cancel,
  rset,
  mail,
  rcpt,
  data,
  chunk,     // BDAT that is not the last
  final,     // the end of data: for all recipients, in LMTP for one
  lone_dot,  // the end of data of a message that nobody takes
  extension,
  quit
};
Phase phase_of(Expect expect);

struct Pending {
  Expect expect;
  std::size_t recipient = 0;  // of rcpt, and of final in LMTP
};

/// A transaction under way.
struct Open {
  /// How far the sender is; the receiver follows in Session::Impl::pending.
  enum class Stage : std::uint8_t { mail, rcpt, data, reply_to_data, body, ended };
  Transaction transaction;
  Transcript transcript;
  Stage stage = Stage::mail;
  std::vector<std::size_t> order;     // recipients to name, within the server's limits
  std::size_t named = 0;              // how many of `order` have been sent
  std::vector<std::size_t> accepted;  // answered 2xx, in order
  bool mail_sent = false;
  bool mail_refused = false;
  bool chunked = false;
  bool body_wanted = false;  // a NeedBody waits for its answer
  std::uint64_t offset = 0;  // content octets sent
  std::size_t chunks_unanswered = 0;
  BodyEncoder encoder;
};

struct Session::Impl {
  enum class State : std::uint8_t { connecting, tls, setup, ready, closing, closed };

  explicit Impl(Settings given);

  // session.cpp
  Step next(std::string_view& input);
  void take_replies(std::string_view& input);
  void on_reply(RemoteReply reply);
  void dispatch(Pending pending, RemoteReply reply);
  void command(std::string line, Expect expect, std::size_t recipient = 0);
  void fail(Fault fault, Phase at, std::optional<RemoteReply> reply = std::nullopt);
  void record(bool sent, std::string_view text);
  [[nodiscard]] Phase phase() const;
  [[nodiscard]] Duration wait() const;
  [[nodiscard]] bool is_usable() const;
  void quit();

  // setup.cpp
  void say_hello();
  void on_greeting(RemoteReply reply);
  void on_ehlo(RemoteReply reply);
  void on_helo(RemoteReply reply);
  void on_starttls(RemoteReply reply);
  void on_tls(TlsAnswer answer);
  void after_ehlo();
  [[nodiscard]] bool starttls_wanted() const;
  void start_auth();
  [[nodiscard]] sasl::ClientInputs auth_inputs() const;
  bool try_next_mechanism();
  void on_auth(RemoteReply reply);
  void on_auth_cancelled(RemoteReply reply);
  void continue_auth(std::string_view challenge);
  void become_ready();

  // transfer.cpp
  void begin(Transaction transaction);
  void send_commands();
  [[nodiscard]] bool may_send() const;
  void send_reset_and_mail();
  void send_rcpt();
  void send_data();
  [[nodiscard]] bool content_may_go() const;
  void choose_recipients();
  [[nodiscard]] Fault missing_extension() const;
  void on_mail(RemoteReply reply);
  void on_rcpt(std::size_t recipient, RemoteReply reply);
  void on_data(RemoteReply reply);
  void on_chunk(RemoteReply reply);
  void on_final(Pending pending, RemoteReply reply);
  void on_body(std::string_view bytes);
  void end_content();
  [[nodiscard]] std::optional<NeedBody> body_need();
  void decide_accepted(RemoteReply const& reply, Phase at);
  [[nodiscard]] bool transaction_over() const;
  Step finish_transaction();

  Settings settings;
  State state = State::connecting;
  ReplyParser parser;
  std::deque<Pending> pending;
  std::string out;
  std::vector<DialogueLine> dialogue;

  std::optional<RemoteReply> greeting;
  Capabilities capabilities;
  std::optional<TlsAnswer> tls;
  bool starttls_refused = false;
  bool tls_step_due = false;
  bool rest_is_injected = false;  // nothing may follow the reply to STARTTLS

  std::unique_ptr<sasl::ClientMechanism> auth;
  std::vector<sasl::ClientMechanismName> mechanisms_left;  // best first

  std::optional<Open> open;
  std::optional<RemoteReply> extension_answer;  // to ask()
  bool reset_due = false;
  bool quit_due = false;
  std::size_t transactions = 0;

  Phase closed_phase = Phase::idle;
  Fault closed_fault = Fault::none;
  std::optional<RemoteReply> closed_reply;
};
}  // namespace pb::smtp::client
