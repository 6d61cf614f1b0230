// terminal.cpp: where a command writes, and what the reader's screen can do.
// Spec: no-color.org; ECMA-48 SGR.
// Not here: words (text/), tables (text/ and the commands).
#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <ostream>

namespace pb::cli {
namespace {
std::string_view environment(char const* name) {
  char const* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::good:
      return "32";
    case Style::warning:
      return "33";
    case Style::bad:
      return "31";
    case Style::strong:
      return "1";
    case Style::faint:
      return "2";
  }
  return "";
}

text::Language detect_language() {
  return text::choose_language({.packetboat_lang = environment("PACKETBOAT_LANG"),
                                .lc_all = environment("LC_ALL"),
                                .lc_messages = environment("LC_MESSAGES"),
                                .lang = environment("LANG")});
}
}  // namespace

Terminal::Terminal(std::ostream& out, std::ostream& err, Options options)
    : out_{&out}, err_{&err}, options_{std::move(options)} {}

Terminal::Options Terminal::detect() {
  Options options;
  options.interactive = ::isatty(STDOUT_FILENO) == 1;
  options.colour =
      options.interactive && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  winsize size{};
  bool const known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40;
  if (known) options.columns = size.ws_col;
  options.language = detect_language();
  return options;
}

std::string Terminal::styled(Style style, std::string_view text) const {
  std::string_view const code = code_of(style);
  if (!options_.colour || code.empty()) return std::string{text};
  std::string out = "\x1b[";
  out.append(code).append("m").append(text).append("\x1b[0m");
  return out;
}
}  // namespace pb::cli
