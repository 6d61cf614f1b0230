// body_encoder.cpp: dot transparency on the way out, in runs: one search a line.
// Spec: RFC 5321 §4.5.2.                              Tests: dialogue_test.cpp
#include "smtp/client/body_encoder.hpp"

namespace pb::smtp::client {
void BodyEncoder::append(std::string_view part, std::string& out) {
  while (!part.empty()) {
    // A dot behind a lone LF is doubled, too: a server that takes LF for a line end must not see
    // an end of data in our content.
    if (at_line_start_ && part.front() == '.') out += '.';
    auto const end = part.find('\n');
    std::string_view const line = part.substr(0, end == std::string_view::npos ? end : end + 1);
    out.append(line);
    at_line_start_ = line.back() == '\n';
    part.remove_prefix(line.size());
  }
}

void BodyEncoder::finish(std::string& out) {
  if (!at_line_start_) out += "\r\n";
  out += ".\r\n";
  at_line_start_ = true;
}
}  // namespace pb::smtp::client
