// step.hpp: all effects that a server session can have on the world, and the answers to them.
// Spec: ARCHITECTURE.md "The types that carry it".        Not here: who executes them (runtime/,
// sim/).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "sasl/server.hpp"
#include "smtp/command.hpp"
#include "smtp/reply.hpp"

namespace pb::smtp::server {
/// When policy is asked. Each has one answer: Session::on_verdict (auth: on_auth_answer).
enum class Stage : std::uint8_t { connect, ehlo, auth, mail, rcpt, header, end_of_data };

/// Wants more input, within the wait. On end of input call Session::on_end_of_input().
struct ReadMore {
  Duration wait;
};
/// Write these bytes now (gathered replies, RFC 2920 §3.1), then call next() again.
struct Send {
  std::string bytes;
};
/// Judge facts() at this stage; answer with on_verdict(). No input is consumed meanwhile.
struct Ask {
  Stage stage;
};
/// Answer the SASL machine's question with on_auth_answer().
struct AskAuth {
  sasl::Question question;
};
/// Measure this port from here, for facts().account; answer with on_probe_answer().
struct AskProbe {
  ProbeCommand target;
};
/// Pending Send bytes have been written: handshake now, answer with on_tls() or hang up.
struct StartTls {};
/// Append these bytes to the message's body; borrowed until on_appended(). Dots are removed, line
/// ends are CRLF.
struct AppendBody {
  std::string_view bytes;
};
/// The message is complete: take_message(), make it durable, answer with on_committed().
struct Commit {};
/// After a failed login: answer nothing for so long, or longer when the authenticator says so; the
/// reply comes by the next Send. Then call next() again.
struct Delay {
  Duration time;
};
/// Why a session ends: for the log.
enum class HangupReason : std::uint8_t {
  quit,
  end_of_input,
  timeout,
  refused,
  too_many_errors,
  early_talker,
  not_smtp,
  injected_plaintext,
  bare_line_end,
  tls_failed,
  shutting_down
};
/// Close. All bytes to send have been handed out before.
struct Hangup {
  HangupReason reason;
};

using Step = std::variant<ReadMore, Send, Ask, AskAuth, AskProbe, StartTls, AppendBody, Commit,
                          Delay, Hangup>;

enum class Action : std::uint8_t { accept, defer, reject, hold, discard, disconnect };
/// The answer to Ask. `reply` is used unless accepted; `rule` names the rule for logs (static
/// text). disconnect sends the reply and hangs up.
struct Verdict {
  Action action = Action::accept;
  Reply reply;
  std::string_view rule;
};

enum class ProbeResult : std::uint8_t {
  measured,
  not_public,  // every address of the target is one that strangers must not reach through us
  too_many,    // of this account within an hour
  busy         // this account, or the whole server, is probing already
};
struct ProbeAnswer {
  ProbeResult result = ProbeResult::busy;
  std::string facts;  // of measured: lines parted by '\n', in words of ours alone
};

/// True where the session goes on: accept, hold and discard.
inline bool is_acceptance(Verdict const& verdict) {
  return verdict.action == Action::accept || verdict.action == Action::hold ||
         verdict.action == Action::discard;
}

/// The sink's answer to AppendBody. `wait` never reaches the session: the executor waits itself.
enum class SinkAnswer : std::uint8_t { ok, no_space, failed };

enum class CommitResult : std::uint8_t {
  durable,
  deferred_no_space,
  deferred_overload,
  deferred_fault,
  deferred_dns,  // what policy needs could not be asked
  refused_dmarc  // by a rule of ours, never by the From domain's wish alone
};
struct CommitAnswer {
  CommitResult result = CommitResult::durable;
  QueueId queue_id;
};
}  // namespace pb::smtp::server
