// record.hpp: the MTA-STS record in DNS and the policy behind it, as values.
// Spec: RFC 8461 §3.1 (record), §3.2 (policy), §4.1 (matching).          Tests: record_test.cpp
// Not here: fetching the policy over HTTPS (runtime), what a failure means (delivery).
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace pb::mtasts {
struct Extension {
  std::string name;
  std::string value;
  friend bool operator==(Extension const&, Extension const&) = default;
};

struct Record {
  std::string id;
  std::vector<Extension> extensions;
};

enum class Mode : std::uint8_t { none, testing, enforce };
std::string_view text(Mode mode);

struct Policy {
  Mode mode = Mode::none;
  std::vector<std::string> mx;  // "mail.example.com" or "*.example.com", lower case
  std::chrono::seconds max_age{0};
  std::vector<Extension> extensions;
};

/// What is wrong, as a sentence; points to constant text.
struct Error {
  char const* problem;
};
/// "v=STSv1; id=..." alone; other TXT records of the name are the caller's to leave out
/// (is_record). More than one record counts as none (§3.1).
bool is_record(std::string_view text);
std::expected<Record, Error> parse_record(std::string_view text);

inline constexpr std::size_t policy_octets_max = 65536;  // §3.2 asks for a limit; as RFC 8461 §3.3
/// Lines end with LF or CRLF.
std::expected<Policy, Error> parse_policy(std::string_view text);
/// §4.1: a "*." pattern stands for exactly one label.
bool matches(Policy const& policy, std::string_view mx_host);
}  // namespace pb::mtasts
