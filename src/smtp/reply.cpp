// reply.cpp: a reply's lines as they are sent.              Spec: RFC 5321 §4.2, §4.5.3.1.5.
// Tests: reply_test.cpp.                                    Not here: the table (reply.hpp).
#include "smtp/reply.hpp"

#include <fmt/core.h>

#include "base/ascii.hpp"
#include "base/limits.hpp"

namespace pb::smtp {
namespace {
/// Cuts `line` so that it fits, at a UTF-8 boundary.
std::string_view fit(std::string_view line, std::size_t octets_max) {
  if (line.size() <= octets_max) return line;
  std::size_t end = octets_max;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end);
}
}  // namespace

std::string auth_challenge_line(std::string_view base64) {
  return fmt::format("334 {}\r\n", base64);
}

std::string Reply::wire() const {
  std::string const mark = status == EnhancedStatus{} ? std::string{}
                                                      : fmt::format("{}.{}.{} ", status.klass,
                                                                    status.subject, status.detail);
  std::size_t const room = limits::reply_line_octets - 4 - mark.size() - 2;
  std::string out;
  std::string_view rest{text};
  for (bool last = false; !last;) {
    auto const end = rest.find('\n');
    last = end == std::string_view::npos;
    out += fmt::format("{}{}{}", code, last ? ' ' : '-', mark);
    // No text may end a reply's line early: whatever quotes a peer, a line stays one line.
    for (char const c : fit(rest.substr(0, end), room)) out += ascii::is_control(c) ? '?' : c;
    out += "\r\n";
    if (!last) rest.remove_prefix(end + 1);
  }
  return out;
}
}  // namespace pb::smtp
