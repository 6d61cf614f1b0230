// services.hpp: what a connection asks of the rest of the server: judge, authenticator, intake,
// prober. Spec: ARCHITECTURE.md "One message, one direction" 1-3. Implemented by
// runtime/policy_judge, runtime/password_authenticator, runtime/queue_intake,
// runtime/remote_prober; by fakes in tests.  Not here: SMTP.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string_view>

#include "smtp/server/session.hpp"

namespace pb::runtime {
namespace asio = boost::asio;

/// Answers Ask. Called on the session's core; never throws; has its own deadline (then 451 4.4.3).
class Judge {
 public:
  virtual ~Judge() = default;
  /// Trust flags and names for facts.peer.peer: called before Stage::connect is judged.
  virtual smtp::server::PeerFacts classify(smtp::server::PeerFacts peer) const = 0;
  virtual asio::awaitable<smtp::server::Verdict> judge(smtp::server::Stage stage,
                                                       smtp::server::SessionFacts const& facts) = 0;
};

/// Answers AskAuth. Password hashing runs in a pool, never on the core.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  virtual asio::awaitable<sasl::Answer> answer(sasl::Question question,
                                               smtp::server::SessionFacts const& facts) = 0;
  /// How long a client that just failed must wait for its reply (grows by network and account).
  virtual Duration failure_delay(smtp::server::SessionFacts const& facts) = 0;
};

/// Takes a body as it arrives. Dropped without commit(): what was written is removed.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// nullopt: must wait; then co_await settle(). The bytes are copied before append() returns.
  virtual std::optional<smtp::server::SinkAnswer> append(std::string_view bytes) = 0;
  virtual asio::awaitable<smtp::server::SinkAnswer> settle() = 0;
};

struct AcceptedMessage {
  QueueId id;
  smtp::server::ReceivedMessage message;
  smtp::server::SessionFacts facts;  // of the session when the message was complete; header is null
  std::unique_ptr<BodySink> body;
  bool spf_failed = false;  // the reverse-path is forged: no report goes there
  bool junk = false;        // a Maildir files it under .Junk
};

class Intake {
 public:
  virtual ~Intake() = default;
  virtual QueueId make_id() = 0;
  /// A sink on the calling core. Never null; a full disk shows at append().
  virtual std::unique_ptr<BodySink> open_body(QueueId id) = 0;
  /// As above, for one who wants to look on: facts.message.header is there, unedited.
  virtual std::unique_ptr<BodySink> open_body_of(QueueId id,
                                                 smtp::server::SessionFacts const& /*facts*/) {
    return open_body(id);
  }
  /// Durable when it answers `durable` (RFC 5321 §6.1).
  virtual asio::awaitable<smtp::server::CommitAnswer> commit(AcceptedMessage message) = 0;
};

/// Answers AskProbe, within seconds; rates and the addresses that are refused are its own affair.
class PortProber {
 public:
  virtual ~PortProber() = default;
  virtual asio::awaitable<smtp::server::ProbeAnswer> probe(
      smtp::ProbeCommand target, smtp::server::SessionFacts const& facts) = 0;
};

struct Services {
  std::shared_ptr<Judge> judge;
  std::shared_ptr<Authenticator> authenticator;
  std::shared_ptr<Intake> intake;
  std::shared_ptr<PortProber> prober;  // null where no listener offers XPROBE
};
}  // namespace pb::runtime
