// settings.hpp: the configuration of a program for one server, port and encryption, ready to paste.
// Spec: the programs' own documents; words in programs.hpp. Encryption is always required, never
// "if available"; certificate checks stay on; a password is never part of the text.
// Not here: measuring which port works (verdict.hpp), reading configurations (lint.hpp).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "advisor/programs.hpp"
#include "text/language.hpp"

namespace pb::advisor {
struct SettingsInput {
  std::string host;
  std::uint16_t port = 587;
  Security security = Security::starttls;
  std::string user;        // user name; also the sender where it is an address
  std::string incoming{};  // IMAP host, where a program wants one; empty: imap.DOMAIN
};
enum class SettingsError : std::uint8_t {
  bad_host,
  bad_user,     // control characters, or too long
  cannot,       // the program cannot do this kind of encryption
  not_written,  // known program, no template for it
};

/// The text of the file, or of the card in `language` for programs that people set up by hand.
std::expected<std::string, SettingsError> settings(Program const& program,
                                                   SettingsInput const& input,
                                                   text::Language language);
/// Programs that settings() can write.
std::vector<Program const*> writable_programs();
}  // namespace pb::advisor
