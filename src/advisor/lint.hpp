// lint.hpp: reads a program's mail configuration and names the line that is wrong, and why.
// Spec: docs/reference/command-line.md; words of the programs as in programs.cpp.  Tests:
// lint_test.cpp
// Not here: measuring, writing configurations (settings.hpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/message.hpp"

namespace pb::advisor {
enum class Mistake : std::uint8_t {
  implicit_on_starttls_port,  // 587 or 2525 with SSL/TLS from the first byte
  starttls_on_tls_port,       // 465 with STARTTLS
  no_encryption,
  optional_encryption,  // "if available": taken off by whoever sits in between
  checks_off,           // certificates are not verified
  server_port,          // 25
  both_kinds,
  bad_port,
  host_has_more,  // a scheme, a port or blanks in the host
  old_key,        // Laravel's MAIL_ENCRYPTION beside or instead of MAIL_SCHEME
};
std::string_view name(Mistake mistake);
/// What is wrong, and what to write instead.
text::Text text_of(Mistake mistake);

struct LintFinding {
  std::size_t line = 0;  // from 1
  Mistake mistake;
};
struct LintReport {
  std::string_view program;           // of programs.hpp; empty: no program's keys were found
  std::vector<LintFinding> findings;  // by line, a line and mistake once
};
inline constexpr std::size_t lint_octets_max = 1 << 20;
/// `program` empty: the one whose keys the file has. Linear; nothing of the file is kept.
LintReport lint(std::string_view file, std::string_view program);
std::vector<std::string_view> lint_programs();
}  // namespace pb::advisor
