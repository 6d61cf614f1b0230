// terminal.hpp: where a command writes, and what the reader's screen can do.
// Spec: colours and boxes on a terminal only (docs/reference/command-line.md); no-color.org.
// Not here: words (text/), tables (text/ and the commands).
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "text/language.hpp"

namespace pb::cli {
/// What a command returns to the shell. 0 to 3 are answers; 64 and up are those of sysexits.h.
enum class Exit : int {
  ok = 0,
  second_choice = 1,  // usable, but not as asked; also: nothing found
  not_usable = 2,     // the answer is no
  danger = 3,         // something dangerous was found
  this_computer = 4,  // this computer is the cause: DNS, no network, a local rule
  usage = 64,         // the command line is wrong
  bad_data = 65,      // a file's content is wrong
  no_input = 66,      // a file is not there
  unavailable = 69,   // a server is not there
  software = 70,      // our own fault
  os_error = 71,      // the system refused (ports taken, no memory)
  cannot_create = 73,
  io_error = 74,
  temporary = 75,  // try again later
  uncertain = 76,  // sent to its end without a reply: again may make a duplicate
  no_permission = 77,
  configuration = 78,
};

enum class Style { plain, good, warning, bad, strong, faint };

class Terminal {
 public:
  struct Options {
    bool colour = false;
    bool interactive = false;  // out is a terminal: progress and live views are welcome
    unsigned columns = 80;
    text::Language language = text::Language::en;
  };
  Terminal(std::ostream& out, std::ostream& err, Options options);
  /// For this process: asks isatty(), NO_COLOR, TERM, COLUMNS and the locale.
  static Options detect();

  [[nodiscard]] std::ostream& out() const { return *out_; }
  [[nodiscard]] std::ostream& err() const { return *err_; }
  [[nodiscard]] bool interactive() const { return options_.interactive; }
  [[nodiscard]] bool coloured() const { return options_.colour; }
  [[nodiscard]] unsigned columns() const { return options_.columns; }
  [[nodiscard]] text::Language language() const { return options_.language; }
  void set_language(text::Language language) { options_.language = language; }
  /// `text` between colour codes, or as it is where colours are off.
  [[nodiscard]] std::string styled(Style style, std::string_view text) const;

 private:
  std::ostream* out_;
  std::ostream* err_;
  Options options_;
};
}  // namespace pb::cli
