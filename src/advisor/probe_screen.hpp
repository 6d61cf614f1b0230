// probe_screen.hpp: what `probe` prints: the matrix, one sentence, the cause, the next line.
// Spec: docs/reference/command-line.md. What a peer sent is escaped and cut before it is shown.
// Not here: colour (cli), JSON (cli/probe_json).
#pragma once

#include <string>

#include "advisor/verdict.hpp"
#include "text/language.hpp"

namespace pb::advisor {
/// A table's cell: "open", "no answer"; "-" where it is not known.
std::string tcp_cell(text::Language language, Tcp tcp);
/// "2026-11-21 17:20", in UTC.
std::string time_text(std::int64_t seconds);
std::string probe_screen(text::Language language, ProbeFacts const& facts, Verdict const& verdict);
/// The sentence alone: what to do first, then why.
std::string probe_sentence(text::Language language, ProbeFacts const& facts,
                           Verdict const& verdict);
/// A letter to the host, the network's owner or the server's administrator.
std::string probe_letter(text::Language language, ProbeFacts const& facts, Verdict const& verdict);
/// Two lines that show the same without Packetboat. `os`: "linux", "macos" or "windows".
std::string see_yourself(ProbeFacts const& facts, Verdict const& verdict, std::string_view os);
}  // namespace pb::advisor
