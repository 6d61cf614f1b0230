// capabilities.hpp: what a server offered in its EHLO reply.             Tests:
// capabilities_test.cpp Spec: RFC 5321 §4.1.1.1 (ehlo-line); SIZE RFC 1870, CHUNKING RFC 3030,
// LIMITS RFC 9422, DELIVERBY RFC 2852, MT-PRIORITY RFC 6710, AUTH RFC 4954.          Not here: our
// own EHLO reply.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pb::smtp::client {
struct Capabilities {
  std::string server_name;  // first word of the EHLO reply; raw
  bool esmtp = false;       // EHLO was understood
  bool pipelining = false;
  bool chunking = false;
  bool eight_bit_mime = false;
  bool smtputf8 = false;
  bool dsn = false;
  bool starttls = false;
  bool deliverby = false;
  bool mt_priority = false;
  bool require_tls = false;
  bool size = false;
  std::optional<std::uint64_t> message_octets_max;  // SIZE with a value that is not 0
  std::optional<std::size_t> mail_max;              // LIMITS MAILMAX: transactions a session
  std::optional<std::size_t> rcpt_max;              // LIMITS RCPTMAX: recipients a transaction
  std::optional<std::size_t> rcpt_domain_max;       // LIMITS RCPTDOMAINMAX
  std::vector<std::string> auth_mechanisms;         // upper case, in the server's order
  std::vector<std::string> keywords;                // every line but the first, as it came
};

/// `text`: the reply's lines without code, parted by '\n'. Lines that are no ehlo-line are kept in
/// `keywords` and mean nothing.
Capabilities parse_ehlo(std::string_view text);
}  // namespace pb::smtp::client
