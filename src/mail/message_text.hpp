// message_text.hpp: a whole message as text: line ends made CRLF, header and body told apart.
// Spec: RFC 5322 §2.1.                    Not here: messages that stream (smtp/, runtime/).
#pragma once

#include <string>
#include <string_view>

namespace pb::mail {
/// Every bare LF becomes CRLF, as a file from disk needs; a bare CR stays.
std::string with_crlf(std::string_view text);

struct MessageText {
  std::string header;     // with the CRLF of its last field, without the empty line
  std::string_view body;  // into the text that was split
};
/// Without an empty line everything is header.
MessageText split_message(std::string_view text);
MessageText split_message(std::string&&) = delete;  // the body would dangle
}  // namespace pb::mail
