// standard_input.hpp: bounded reading from standard input.
// Spec: a reader that types or pipes more than the limit is cut, never stored without end.
// Not here: passwords (cli/password).
#pragma once

#include <cstddef>
#include <string>

namespace pb::cli {
inline constexpr std::size_t terminal_line_octets_max = 4096;
/// Everything up to the end of input, at most `octets_max`.
std::string read_standard_input(std::size_t octets_max);
/// One line without its LF; empty at the end of input. Octets beyond `octets_max` are left unread.
std::string read_line(std::size_t octets_max);
}  // namespace pb::cli
