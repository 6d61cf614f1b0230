// step.hpp: all effects that a client session can have on the world.
// Spec: ARCHITECTURE.md "The types that carry it"; waits RFC 5321 §4.5.3.2.
// Not here: who executes them (runtime/smtp_client_connection, sim/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "smtp/client/transaction.hpp"

namespace pb::smtp::client {
/// Wants input within the wait; then next(), or on_timeout(), or on_end_of_input().
struct ReadMore {
  Duration wait;
};
/// Write all of this within the wait; then next(). When writing fails: next() with what can still
/// be read (a refusal may lie there), then on_end_of_input().
struct Send {
  std::string bytes;
  Duration wait;
};
/// Give the content from `offset` on, 1 to `octets_max` octets: on_body(), else on_body_failed().
struct NeedBody {
  std::uint64_t offset;
  std::size_t octets_max;
};
/// Handshake now, answer with on_tls().
struct StartTls {};
/// The transaction is over.
struct Done {
  Transcript transcript;
};
/// Nothing to do: begin() another transaction, or quit(). Input that comes now must be given to
/// next(): it is a 421.
struct Idle {};
/// Close the connection; the session is over. A polite QUIT has been sent where one was due.
struct Closed {
  Phase phase;
  Fault fault;
  std::optional<RemoteReply> reply;
};
using Step = std::variant<ReadMore, Send, NeedBody, StartTls, Done, Idle, Closed>;
}  // namespace pb::smtp::client
