// tls_sweep.hpp: which TLS versions and ciphers a port speaks, found out one connection at a time.
// Spec: RFC 8996 (1.0 and 1.1 are forbidden), RFC 9325 §4 (ciphers). For `probe --deep`.
// Tests: tests/end_to_end/probe_deep_test.py     Not here: what it means (advisor/probe_screen).
#pragma once

#include <string>
#include <vector>

#include "advisor/probe_facts.hpp"

namespace pb::runtime {
struct SweepSettings {
  std::string host;
  std::uint16_t port = 587;
  bool implicit_tls = false;
  std::string ehlo_name = "[127.0.0.1]";
  advisor::Millis timeout{20'000};  // of everything: what was not reached is left out
};
/// Blocks; at most 18 connections, never two at once. Oldest version first.
std::vector<advisor::SweptVersion> sweep_tls(SweepSettings const& settings);
}  // namespace pb::runtime
