// line_reader.cpp: see line_reader.hpp.                       Spec: RFC 5321 §2.3.8, §4.5.3.1.4.
// The first octet that is wrong decides, so that the answer is the same however the bytes arrive.
// Not here: text of messages (data_reader.cpp).
#include "smtp/line_reader.hpp"

namespace pb::smtp {
namespace {
/// Backspace, escape and DEL come from a person at a terminal: a syntax error, not an attack.
bool is_garbage(char c) {
  auto const octet = static_cast<unsigned char>(c);
  return octet < 0x20 && c != '\t' && c != '\b' && c != '\x1B' && c != '\r' && c != '\n';
}
}  // namespace

LineResult read_line(std::string_view& input, std::size_t octets_max, LineRule rule) {
  auto const window = input.substr(0, octets_max);
  for (std::size_t i = 0; i < window.size(); ++i) {
    if (is_garbage(window[i])) return {LineKind::garbage, {}};
    if (window[i] != '\r' && window[i] != '\n') continue;
    bool const crlf = window[i] == '\r' && i + 1 < window.size() && window[i + 1] == '\n';
    if (crlf || (window[i] == '\n' && rule == LineRule::normalise)) {
      auto const text = window.substr(0, i);
      input.remove_prefix(i + (crlf ? 2 : 1));
      return {LineKind::line, text};
    }
    bool const may_follow = window[i] == '\r' && i + 1 == window.size();
    if (!may_follow) return {LineKind::bare_line_end, {}};
  }
  return {window.size() == octets_max ? LineKind::too_long : LineKind::need_more, {}};
}

bool skip_line(std::string_view& input, LineRule rule) {
  for (;;) {
    auto const lf = input.find('\n');
    if (lf == std::string_view::npos) {
      // A last CR is left: whether it ends the line is told by what comes.
      input = input.ends_with('\r') ? input.substr(input.size() - 1) : std::string_view{};
      return false;
    }
    bool const ends = rule == LineRule::normalise || (lf > 0 && input[lf - 1] == '\r');
    input.remove_prefix(lf + 1);
    if (ends) return true;
  }
}
}  // namespace pb::smtp
