// dialogue.hpp: a dialogue file as a world and a list of turns.   Form: README.md beside this file.
// Spec: none but the README.                                   Not here: playing them (driver.hpp).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "driver.hpp"

namespace pb::dialogues {
enum class Event { none, timeout, close, shutdown };

/// One side speaks, then the other: what the client sends at once, an event, what must come back.
struct Turn {
  std::string client;
  Event event = Event::none;
  std::vector<std::string> server;  // lines; "S*" lines begin with '*'
  int line = 0;
};

struct Dialogue {
  std::string title;   // the first comment
  std::string source;  // "RFC 5321" or a suite, from "! from ..."; empty: ours
  World world;
  std::vector<Turn> turns;
  std::optional<std::string> hangup;  // the reason that must end it
  std::vector<std::string> stored;    // each message as it must rest
  bool checks_stored = false;
  std::vector<std::string> envelopes;
  std::vector<std::string> traces;
};

/// Throws std::runtime_error with file and line when the file is malformed.
Dialogue read_dialogue(std::filesystem::path const& file);

/// What came of playing it: per turn the bytes sent, then stored messages and the end.
struct Transcript {
  std::vector<std::string> sent;
  std::string end;  // messages, envelopes, traces and hangup reason, as text
  friend bool operator==(Transcript const&, Transcript const&) = default;
};
/// How the client's bytes are handed over.
struct Cuts {
  std::size_t at = 0;  // one cut at this byte of all that the client says; 0: none
  bool each = false;   // byte by byte
};
Transcript play(Dialogue const& dialogue, Cuts cuts);
/// What differs from the file; empty: nothing.
std::string compare(Dialogue const& dialogue, Transcript const& transcript);
std::size_t client_octets(Dialogue const& dialogue);
std::string envelope_text(mail::Envelope const& envelope);
std::string_view name_of(server::HangupReason reason);
}  // namespace pb::dialogues
