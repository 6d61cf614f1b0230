// session_impl.hpp: what a Session is made of; each command's handler lies in a file of its name.
// Spec: RFC 5321 §3, §4.1.4 (order).   Tests: session_test.cpp, tests/dialogues.   Not here: the
// contract (session.hpp), the dispatch table (commands.cpp).
//
// Invariants: planned_ is the one step that waits to go out; mode_ says who reads the next octet;
// order_ says which commands may come; only reset_transaction() forgets a transaction.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "smtp/bdat.hpp"
#include "smtp/command.hpp"
#include "smtp/data_reader.hpp"
#include "smtp/line_reader.hpp"
#include "smtp/server/session.hpp"

namespace pb::smtp::server {
/// Where the dialogue stands (RFC 5321 §4.1.4). The dispatch table allows by these.
enum class Order : std::uint8_t {
  connected,       // no EHLO yet
  greeted,         // EHLO or HELO was accepted
  in_mail,         // MAIL was accepted, no RCPT yet
  has_recipients,  // at least one RCPT was accepted
  in_chunks,       // a BDAT chunk was accepted
  chunks_failed,   // a chunk was refused: the rest is thrown away (RFC 3030 §2)
};

struct Session::Impl {
  /// Who reads the next octet.
  enum class Mode : std::uint8_t {
    start,
    greet,
    command,
    skip_line,
    auth_line,
    skip_auth_line,
    starttls,
    handshake,
    data,
    chunk,
    closed
  };
  /// Which on_...() is due; none: next() may be called.
  enum class Waiting : std::uint8_t { none, verdict, auth, probe, tls, appended, committed };
  /// The message is refused; said once its octets have been read.
  struct Refusal {
    Reply reply;
    bool disconnect = false;
  };

  Impl(std::shared_ptr<Settings const> settings, SessionFacts facts, Clock const& clock,
       Random& random);

  // session.cpp: the loop and the answers.
  Step next(std::string_view& input);
  void advance(std::string_view& input);
  void greet(std::string_view& input);
  void read_command(std::string_view& input);
  void refuse_line(LineKind kind, std::string_view input);
  void dispatch(std::string_view line);
  void on_verdict(Verdict verdict);
  void on_connect_verdict(Verdict const& verdict);
  void on_tls(TlsFacts tls);

  // Effects; each handler ends with one of them.
  void answer(Reply const& reply);
  void protocol_error(Reply const& reply);  // counts; too many close the session
  void syntax_error(SyntaxError error, NamedReply const& bad_path, NamedReply const& needs_utf8);
  void plan(Step step) { planned_ = std::move(step); }
  void ask(Stage stage);
  void hang_up(HangupReason reason);
  /// Sends a verdict's reply, and hangs up when it says so.
  void answer_refusal(Verdict const& verdict);
  void reset_transaction();

  // One command each: ehlo.cpp, mail.cpp, ...
  void handle_ehlo(std::string_view arguments);
  void handle_helo(std::string_view arguments);
  void handle_mail(std::string_view arguments);
  void handle_rcpt(std::string_view arguments);
  void handle_data(std::string_view arguments);
  void handle_bdat(std::string_view arguments);
  void handle_rset(std::string_view arguments);
  void handle_noop(std::string_view arguments);
  void handle_vrfy(std::string_view arguments);
  void handle_expn(std::string_view arguments);
  void handle_help(std::string_view arguments);
  void handle_quit(std::string_view arguments);
  void handle_starttls(std::string_view arguments);
  void handle_auth(std::string_view arguments);
  void handle_xclient(std::string_view arguments);
  void handle_xprobe(std::string_view arguments);
  void hello(std::string_view name, bool esmtp);
  void on_ehlo_verdict(Verdict const& verdict);
  void on_mail_verdict(Verdict const& verdict);
  void on_rcpt_verdict(Verdict const& verdict);
  [[nodiscard]] std::string ehlo_text() const;
  /// FUTURERELEASE, MT-PRIORITY and DELIVERBY: for submission and for trusted networks only.
  [[nodiscard]] bool offers(bool setting) const;
  [[nodiscard]] bool is_offered(sasl::MechanismName name) const;
  void on_probe_answer(ProbeAnswer const& answer);

  // auth.cpp: the SASL exchange.
  void read_auth_line(std::string_view& input);
  void on_auth_outcome(sasl::Outcome outcome);
  void auth_failed(sasl::Failure failure);
  void auth_succeeded();

  // receive.cpp: the message's octets.
  void begin_message();
  void read_data(std::string_view& input);
  void read_chunk(std::string_view& input);
  void chunk_ended();
  void take_text(std::string_view bytes);
  void gather_header(std::string_view line);
  void complete_header();
  void message_ended();
  void finish_refused();
  void refuse(Reply const& reply, bool disconnect = false);
  void on_header_verdict(Verdict const& verdict);
  void on_end_verdict(Verdict const& verdict);
  void on_appended(SinkAnswer answer);
  void on_committed(CommitAnswer const& answer);
  ReceivedMessage take_message();

  std::shared_ptr<Settings const> settings_;  // shared by all sessions of a listener; immutable
  SessionFacts facts_;
  Clock const& clock_;
  Random& random_;

  std::string out_;  // replies gathered until they must go
  std::optional<Step> planned_;
  Mode mode_ = Mode::start;
  Waiting waiting_ = Waiting::none;
  Order order_ = Order::connected;
  Stage asked_ = Stage::connect;
  HangupReason reason_ = HangupReason::end_of_input;
  bool restarted_ = false;  // by XCLIENT: nobody can have talked too early
  bool shutting_down_ = false;
  std::size_t commands_ = 0, errors_ = 0, transactions_ = 0, auth_failures_ = 0;
  std::size_t skipped_octets_ = 0;
  std::string helo_before_;  // while a new EHLO is asked about
  bool esmtp_before_ = false;

  std::unique_ptr<sasl::Mechanism> mechanism_;
  std::string mechanism_name_;
  std::optional<std::string>
      granted_account_;  // SCRAM: the client has yet to see our final message

  struct Receiving;  // exists while a message is received: an idle session does not pay for it
  std::unique_ptr<Receiving> receiving_;
  std::optional<Reply> chunk_refusal_;  // this chunk is thrown away and answered so
  std::uint64_t chunk_left_ = 0;
  bool chunk_last_ = false;
  QueueId queue_id_;
};

struct Session::Impl::Receiving {
  explicit Receiving(LineRule rule) : data{rule} {}
  DataReader data;
  ChunkReader chunks;
  std::string header_text;
  mail::HeaderSection header;
  bool header_done = false;
  bool empty_line = false;  // one stood behind the header section
  bool ended = false;       // all octets of the message have been read
  bool sink_open = false;
  std::uint64_t body_octets = 0;
  std::uint64_t discarded_octets = 0;
  std::optional<Refusal> refusal;
  Verdict verdict;  // hold or discard of an earlier stage stays, else end_of_data's
};
}  // namespace pb::smtp::server
