// mime.hpp: the structure of a MIME message, read leniently and without copying.
// Spec: RFC 2045 §5.1, RFC 2046 §5.1.1; RFC 2231 is not decoded.            Tests: mime_test.cpp
// Not here: encodings (transfer_encoding.hpp), making messages (report/).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pb::mail {
inline constexpr std::size_t mime_depth_max = 20;
inline constexpr std::size_t mime_parts_max = 1000;

struct ContentType {
  std::string type = "text";  // lower case
  std::string subtype = "plain";
  std::map<std::string, std::string> parameters;  // names in lower case
  [[nodiscard]] bool is(std::string_view wanted_type, std::string_view wanted_subtype = {}) const {
    return type == wanted_type && (wanted_subtype.empty() || subtype == wanted_subtype);
  }
};
/// An absent or malformed value is text/plain (RFC 2045 §5.2).
ContentType parse_content_type(std::string_view value);

/// One entity, borrowed from the message.
struct MimePart {
  std::string_view header;  // with the last field's CRLF, without the empty line
  std::string_view body;    // behind the empty line; of a multipart: all of it
  ContentType type;
  std::string encoding;         // lower case; "7bit" when absent
  std::vector<MimePart> parts;  // of a multipart, in order
  bool truncated = false;       // deeper or more parts than the limits: not looked into
};
/// Never fails: what is no multipart is one part.
MimePart parse_mime(std::string_view message);
}  // namespace pb::mail
