// password_prompt.cpp: gets a password without showing it, or makes one.
// Spec: termios(3) ECHO.                          Not here: what is kept of it (accounts/password).
#include "cli/password_prompt.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <ostream>
#include <string_view>

#include "runtime/system.hpp"

namespace pb::cli {
namespace {
constexpr std::size_t line_octets_max = 1025;

/// One line without its end; empty at the end of input.
std::string read_line(int descriptor) {
  std::string line;
  char c = 0;
  while (line.size() < line_octets_max && ::read(descriptor, &c, 1) == 1 && c != '\n') line += c;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

/// Switches echo off while it lives.
class Silence {
 public:
  explicit Silence(int descriptor) : descriptor_{descriptor} {
    on_ = ::tcgetattr(descriptor_, &before_) == 0;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (on_) ::tcsetattr(descriptor_, TCSAFLUSH, &quiet);
  }
  ~Silence() {
    if (on_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
  }
  Silence(Silence const&) = delete;
  Silence& operator=(Silence const&) = delete;

 private:
  int descriptor_;
  termios before_{};
  bool on_ = false;
};

std::expected<std::string, std::string> asked(std::string const& account, Terminal& terminal) {
  int const tty = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (tty < 0)
    return std::unexpected("there is no terminal to ask at: use --password-stdin or --generate");
  std::string first;
  std::string second;
  {
    Silence const silence{tty};
    terminal.err() << "Password for " << account << ": " << std::flush;
    first = read_line(tty);
    terminal.err() << "\nOnce more: " << std::flush;
    second = read_line(tty);
    terminal.err() << '\n';
  }
  ::close(tty);
  if (first != second) return std::unexpected("the two passwords differ: nothing was changed");
  return first;
}

std::string generated() {
  constexpr std::string_view letters =
      "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";  // none that look alike
  runtime::SystemRandom random;
  std::string password;
  for (int i = 0; i < 20; ++i) password += letters[random.below(letters.size())];
  return password;
}
}  // namespace

std::expected<std::string, std::string> read_password(PasswordSource source,
                                                      std::string const& account,
                                                      Terminal& terminal) {
  switch (source) {
    case PasswordSource::generate:
      return generated();
    case PasswordSource::standard_input:
      return read_line(STDIN_FILENO);
    case PasswordSource::ask:
      return asked(account, terminal);
  }
  return std::unexpected("no password");
}

std::expected<std::string, std::string> ask_secret(std::string const& question,
                                                   Terminal& terminal) {
  int const tty = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (tty < 0)
    return std::unexpected(
        "there is no terminal to ask at: use --password-command or PACKETBOAT_PASSWORD");
  std::string secret;
  {
    Silence const silence{tty};
    terminal.err() << question << std::flush;
    secret = read_line(tty);
    terminal.err() << '\n';
  }
  ::close(tty);
  if (secret.empty()) return std::unexpected("no password was typed");
  return secret;
}
}  // namespace pb::cli
