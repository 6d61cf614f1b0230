// prober.hpp: climbs the ladder on every port at once, from where the program runs.
// Spec: docs/reference/command-line.md: at most 3 connections a port, 2 at once a port, 6 at once a
// host; all ends within the timeout.                         Not here: what the facts mean
// (advisor/verdict).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "advisor/probe_facts.hpp"

namespace pb::runtime {
struct ProbeSettings {
  std::string target;  // as typed, for the report
  std::string host;    // a name or an address
  std::vector<std::uint16_t> ports;
  std::vector<std::string> control_hosts;  // empty: none
  bool controls = true;                    // 443 and a closed port of the target, too
  std::string ca_file;                     // empty: the system's issuers
  std::optional<Endpoint> resolver;        // empty: /etc/resolv.conf
  bool ipv4 = true, ipv6 = true;
  bool deep = false;
  bool transcript = false;
  std::string user, password;
  std::string ehlo_name = "[127.0.0.1]";
  advisor::Millis timeout{20000};
};
/// Blocks until all is measured. Never throws; what could not be measured stays unknown.
advisor::ProbeFacts probe(ProbeSettings const& settings);
}  // namespace pb::runtime
