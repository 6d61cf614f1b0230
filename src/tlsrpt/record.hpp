// record.hpp: the record that says where reports about TLS go.           Tests: record_test.cpp
// Spec: RFC 8460 §3.                                          Not here: the reports (report/).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace pb::tlsrpt {
struct Record {
  std::vector<std::string> report_uris;  // mailto: and https:, in order
};

/// What is wrong, as a sentence; points to constant text.
struct Error {
  char const* problem;
};
bool is_record(std::string_view text);
std::expected<Record, Error> parse_record(std::string_view text);
}  // namespace pb::tlsrpt
