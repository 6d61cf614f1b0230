// programs.hpp: programs, and the word each has for the two kinds of encryption.
// Spec: the programs' own documents; checked in the month of each row.
// Not here: their configuration files (settings.hpp).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "advisor/ports.hpp"

namespace pb::advisor {
enum class ProgramKind : std::uint8_t { mail_client, website, application, device, server };

struct Program {
  std::string_view id;  // for --for
  std::string_view name;
  ProgramKind kind = ProgramKind::application;
  std::string_view starttls;      // its word or setting for STARTTLS; empty: cannot
  std::string_view implicit_tls;  // for TLS from the first byte; empty: cannot
};
std::span<Program const> programs();
Program const* find_program(std::string_view id_or_name);
/// The program's word for `security`; empty where it cannot do it.
std::string_view word(Program const& program, Security security);
}  // namespace pb::advisor
