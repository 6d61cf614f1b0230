// probe_compare.hpp: `probe --compare`: has a server of ours measure the same ports, over an
// authenticated submission session.
// Spec: docs/reference/xprobe.md.                  Tests: tests/end_to_end/probe_compare_test.py
// Not here: what the difference means (advisor/other_place), the server's side (runtime/).
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "advisor/other_place.hpp"
#include "cli/submission_options.hpp"

namespace pb::cli {
struct CompareOptions {
  std::string server;  // HOST, HOST:PORT, or an account of `packetboat account`
  std::string user, password_command, ca_file;
  bool v4 = false, v6 = false;
};
/// Looks the server up, and asks for the password, which goes to that server alone.
std::expected<PreparedSubmission, Failure> prepare_compare(CompareOptions const& options,
                                                           Terminal& terminal);

struct OtherPlace {
  std::string server;
  advisor::PlaceComparison comparison;
  Failure problem{Exit::ok, {}};  // why it could not be asked
};
/// What was measured here, and which ports the other place is asked for.
struct MeasuredHere {
  advisor::ProbeFacts const& facts;
  advisor::Verdict const& verdict;
  std::vector<std::uint16_t> const& ports;
};
/// Blocks: the server takes at most 15 seconds a port.
OtherPlace ask_other_place(PreparedSubmission const& server, MeasuredHere const& here,
                           text::Language language);
std::string other_place_text(text::Language language, OtherPlace const& place,
                             std::string_view host);
/// The field "compare" of packetboat.probe/1.
boost::json::object compare_json(OtherPlace const& place);
}  // namespace pb::cli
