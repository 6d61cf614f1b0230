// body_encoder.hpp: content as DATA sends it: dots doubled, one CRLF before the final dot.
// Spec: RFC 5321 §4.5.2, §4.1.1.4.                    Tests: dialogue_test.cpp
#pragma once

#include <string>
#include <string_view>

namespace pb::smtp::client {
/// Content has CRLF line ends only (mail/stored_message.hpp); parts may be cut anywhere.
class BodyEncoder {
 public:
  void append(std::string_view part, std::string& out);
  /// The end of data, with a CRLF in front where the content does not end with one.
  void finish(std::string& out);

 private:
  bool at_line_start_ = true;
};
}  // namespace pb::smtp::client
