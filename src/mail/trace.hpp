// trace.hpp: the Received field that we put in front of a message.         Tests: trace_test.cpp
// Spec: RFC 5321 §4.4; "with" words RFC 3848, RFC 6531 §4.3.     Not here: Authentication-Results.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/ip.hpp"

namespace pb::mail {
/// What a Received field says of one message. Strings may be hostile: what is no domain is left
/// out.
struct ReceivedFacts {
  std::string helo;
  std::string host_name;  // verified reverse name; empty: unknown
  IpAddress address;
  std::string by;
  bool esmtp = false;
  bool tls = false;
  bool authenticated = false;
  bool smtputf8 = false;
  std::string tls_version;
  std::string tls_cipher;
  QueueId queue_id;
  std::string only_recipient;  // empty: none or several (RFC 5321 §7.6: no copies are given away)
  int priority = 0;            // MT-PRIORITY; 0 is not written (RFC 6710 §6)
  Instant at{};
};

/// The "with" word: SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, UTF8SMTP, UTF8SMTPS, ...
std::string transmission_type(ReceivedFacts const& facts);
/// "Received: from ... by ... with ... id ... for ...;\r\n\tdate\r\n", folded.
std::string received_field(ReceivedFacts const& facts);
}  // namespace pb::mail
