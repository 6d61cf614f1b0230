// reply.hpp: every reply that the server can send: code, enhanced status, text. Nowhere else a
// digit. Spec: RFC 5321 §4.2, RFC 3463, RFC 2034; AUTH codes RFC 4954 §6.          Tests:
// reply_test.cpp Not here: replies of other servers (client/reply_parser.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pb::smtp {
/// RFC 3463 class.subject.detail; all zero: the reply carries none (greeting, 354, EHLO).
struct EnhancedStatus {
  std::uint8_t klass = 0;
  std::uint8_t subject = 0;
  std::uint8_t detail = 0;
  friend bool operator==(EnhancedStatus, EnhancedStatus) = default;
};

struct Reply {
  std::uint16_t code = 0;
  EnhancedStatus status;
  std::string
      text;  // lines parted by '\n'; printable ASCII or UTF-8; escaped when it quotes a peer
  [[nodiscard]] bool is_positive() const { return code < 400; }
  [[nodiscard]] bool is_transient() const { return code >= 400 && code < 500; }
  [[nodiscard]] bool is_permanent() const { return code >= 500; }
  /// As sent: "250-2.1.0 ...\r\n250 2.1.0 ...\r\n"; lines cut at 512 octets (RFC 5321 §4.5.3.1.5).
  [[nodiscard]] std::string wire() const;
};
}  // namespace pb::smtp
