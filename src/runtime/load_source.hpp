// load_source.hpp: hands many messages to one server and measures how long each takes.
// Spec: RFC 5321, RFC 2920 (pipelining); docs/reference/command-line.md ("bench").  Tests:
// tests/end_to_end/bench_test.py Not here: what is printed (cli/bench), the server at the other end
// (discard_server.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "advisor/ports.hpp"

namespace pb::runtime {
struct LoadSettings {
  std::string host;
  std::uint16_t port = 587;
  advisor::Security security = advisor::Security::starttls;
  std::string user, password;  // both empty: no login
  std::string from, to;
  std::string ca_file;
  std::uint64_t messages = 100;
  unsigned sessions = 4;      // connections at once, at most 64
  std::uint64_t each = 0;     // messages a connection; 0: as many as there are
  std::size_t octets = 4096;  // of one message, about
};

struct LoadResult {
  std::uint64_t sent = 0, refused = 0, broken = 0;  // broken: the connection ended or was silent
  double seconds = 0;
  std::vector<double> milliseconds;  // MAIL to the reply after the last dot, sorted; of those sent
  std::string first_problem;         // peer text: escape it
};
/// Blocks. A connection that fails is made anew; after 10 failures in a row its thread gives up.
LoadResult run_load(LoadSettings const& settings);
/// Of sorted values; `share` from 0 to 1. 0 for none.
double percentile(std::vector<double> const& sorted, double share);
}  // namespace pb::runtime
