// reply_parser.hpp: replies of other servers, line by line, as values.     Tests: reply_parser_test
// Spec: RFC 5321 §4.2, §4.2.1 (multi-line), RFC 2034 (enhanced status).    Not here: what a reply
// means for a message (delivery/classify), our own replies (smtp/reply.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "smtp/reply.hpp"

namespace pb::smtp::client {
/// What one command was answered with.
struct RemoteReply {
  std::uint16_t code = 0;  // 200 to 599
  EnhancedStatus status;   // of the last line that carries one; all zero: none
  std::string text;        // the lines without code, parted by '\n'; raw bytes of the peer
  [[nodiscard]] bool is_positive() const { return code < 400; }
  [[nodiscard]] bool is_transient() const { return code >= 400 && code < 500; }
  [[nodiscard]] bool is_permanent() const { return code >= 500; }
  /// "550 5.1.1 no such user": one line, escaped for logs and reports, cut at `octets_max`.
  [[nodiscard]] std::string display(std::size_t octets_max = 512) const;
};

enum class ReplyError : std::uint8_t {
  not_a_reply,    // a line that does not begin with a code of RFC 5321 §4.2
  line_too_long,  // more than reply_line_max octets without a line end
  too_many_lines,
  code_changed,  // a continuation line with another code (§4.2.1)
};

/// Servers send longer lines than the 512 octets of §4.5.3.1.5; we take this many.
inline constexpr std::size_t reply_line_octets_max = 4096;
inline constexpr std::size_t reply_lines_max = 512;
/// Text beyond this is read and dropped.
inline constexpr std::size_t reply_text_octets_max = 16 * 1024;

class ReplyParser {
 public:
  /// Takes bytes off the front of `input`: up to the end of one reply, or all of it. nullopt: more
  /// is needed. After an error the connection is of no further use. A lone LF ends a line, too: no
  /// message content passes here.
  std::expected<std::optional<RemoteReply>, ReplyError> take(std::string_view& input);
  /// True in the middle of a reply.
  [[nodiscard]] bool in_reply() const { return lines_ != 0 || !line_.empty(); }

 private:
  std::expected<bool, ReplyError> take_line(std::string_view line);
  std::string line_;  // an incomplete line
  RemoteReply reply_;
  std::size_t lines_ = 0;
};

/// Takes "5.1.1" off the front, where `code` has the same class (RFC 2034 §4).
std::optional<EnhancedStatus> take_enhanced_status(std::string_view& text, std::uint16_t code);
}  // namespace pb::smtp::client
