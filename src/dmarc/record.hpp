// record.hpp: a DMARC policy record as a value, and its parser.  Tests: record_test.cpp, dmarc_fuzz
// Spec: RFC 9989 §4.7, §4.8 (grammar); records written for RFC 7489 are read.
// Not here: finding it (evaluate.hpp).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pb::dmarc {
enum class Policy : std::uint8_t { none, quarantine, reject };
std::string_view text(Policy policy);
enum class Alignment : std::uint8_t { relaxed, strict };
enum class Psd : std::uint8_t { unknown, yes, no };  // psd=

struct Record {
  Policy policy = Policy::none;         // p=
  std::optional<Policy> subdomain;      // sp=
  std::optional<Policy> nonexistent;    // np=
  Alignment dkim = Alignment::relaxed;  // adkim=
  Alignment spf = Alignment::relaxed;   // aspf=
  Psd psd = Psd::unknown;
  bool testing = false;                       // t=y
  std::vector<std::string> aggregate;         // rua=, URIs as written
  std::vector<std::string> failure;           // ruf=
  std::string failure_options;                // fo=, as written
  std::optional<unsigned> historic_percent;   // pct=, RFC 7489; has no effect (RFC 9989 §A.6)
  std::optional<unsigned> historic_interval;  // ri=, RFC 7489
  /// Sentences about what was ignored: unknown tags, bad values, historic tags.
  std::vector<std::string> remarks;
  std::string published;  // the text
};

/// "v=DMARC1" exactly (the version's letters are case-sensitive), then ';' or the end.
bool is_record(std::string_view text);
enum class RecordError : std::uint8_t {
  no_version,  // not a DMARC record at all
  no_policy,   // p= missing or bad, and no rua=: no DMARC processing (RFC 9989 §4.10.1)
};
/// Malformed parts are ignored and remarked on; with a report address a bad p=, sp= or np= means
/// p=none (§4.10.1).
std::expected<Record, RecordError> parse_record(std::string_view text);
}  // namespace pb::dmarc
