// message_text.cpp: see message_text.hpp.                                  Spec: RFC 5322 §2.1.
#include "mail/message_text.hpp"

namespace pb::mail {
std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  char before = 0;
  for (char c : text) {
    if (c == '\n' && before != '\r') out.push_back('\r');
    out.push_back(c);
    before = c;
  }
  return out;
}

MessageText split_message(std::string_view text) {
  if (text.starts_with("\r\n")) return {std::string{}, text.substr(2)};
  std::size_t const end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return {std::string{text}, {}};
  return {std::string{text.substr(0, end + 2)}, text.substr(end + 4)};
}
}  // namespace pb::mail
