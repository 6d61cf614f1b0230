// send_screen.hpp: what became of a message, for people and for programs.
// Spec: docs/reference/command-line.md ("send"); schema packetboat.send/1.
// Tests: send_test.cpp                     Not here: deciding (advisor/submission_plan).
#pragma once

#include <string>

#include "runtime/submitter.hpp"
#include "text/language.hpp"

namespace pb::cli {
struct SendReport {
  std::string host;
  std::vector<std::string> recipients;  // addresses, in the transaction's order
  runtime::SubmitResult result;         // at least one attempt
  bool only_login = false;
  bool with_login = false;
};
advisor::Sent judged(SendReport const& report);
std::string send_screen(text::Language language, SendReport const& report, unsigned columns);
std::string send_json(SendReport const& report);
/// What happened at one port, in a few words.
std::string why(text::Language language, smtp::client::Transcript const& transcript);
}  // namespace pb::cli
