// standard_input.cpp: see standard_input.hpp.
// Spec: POSIX read(); interrupted reads are repeated.
// Tests: through the commands that use it.
#include "cli/standard_input.hpp"

#include <unistd.h>

#include <cerrno>

namespace pb::cli {
namespace {
ssize_t read_some(char* buffer, std::size_t size) {
  for (;;) {
    ssize_t const got = ::read(STDIN_FILENO, buffer, size);
    if (got >= 0 || errno != EINTR) return got;
  }
}
}  // namespace

std::string read_standard_input(std::size_t octets_max) {
  std::string text;
  char block[8192];
  while (text.size() < octets_max) {
    auto const got = read_some(block, std::min(sizeof block, octets_max - text.size()));
    if (got <= 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  return text;
}

std::string read_line(std::size_t octets_max) {
  std::string line;
  char c = 0;
  // Octet by octet: what stands behind the line belongs to the next reader.
  while (line.size() < octets_max && read_some(&c, 1) == 1 && c != '\n') line += c;
  return line;
}
}  // namespace pb::cli
