// stored_message.hpp: how a message rests: trace in front, then header section and body as
// received. Spec: RFC 5321 §4.4 (trace), §6.1.           Not here: where the bytes live (queue/,
// runtime/files).
#pragma once

#include <cstdint>
#include <string>

namespace pb::mail {
/// Reading is trace, then body. CRLF only, always.
struct StoredMessage {
  std::string
      trace;  // what we made: DKIM-Signature, Authentication-Results, Received; CRLF at its end
  std::string body;  // header section (edited once), empty line, body; empty when in a body file
  std::uint64_t body_octets = 0;  // also when the bytes are in a file
};
}  // namespace pb::mail
