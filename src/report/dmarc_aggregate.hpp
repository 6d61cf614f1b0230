// dmarc_aggregate.hpp: DMARC results counted by sender and outcome, and the report a domain gets.
// Spec: RFC 9990 §2 (content), §2.6 (format), §3.1 (message); RFC 9989 §4.7 (rua).
// Tests: dmarc_aggregate_test.cpp, tests/reports/dmarc_aggregate.xml
// Not here: where the counts rest, sending (runtime/dmarc_reporter).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "mail/address.hpp"

namespace pb::report {
/// One DKIM signature as it was judged; words of RFC 8601.
struct AggregateDkim {
  std::string domain;
  std::string selector;
  std::string result;
  friend auto operator<=>(AggregateDkim const&, AggregateDkim const&) = default;
};

/// What messages share that are counted together. All text may be a stranger's.
struct AggregateRow {
  std::string source_ip;
  std::string disposition;  // pass, none, quarantine, reject (RFC 9990 §2.1.1.12)
  bool dkim_aligned = false;
  bool spf_aligned = false;
  std::string override_type;  // local_policy, trusted_forwarder; empty: the policy was followed
  std::string header_from;
  std::string envelope_from;  // domain; empty: the null reverse-path
  std::vector<AggregateDkim> dkim;
  std::string spf_domain;
  std::string spf_scope;  // mfrom, helo; empty: SPF was not evaluated
  std::string spf_result;
  friend auto operator<=>(AggregateRow const&, AggregateRow const&) = default;
};

/// The record of a domain as it was when its report began; `domain` is where it was found.
struct AggregatePolicy {
  std::string domain;
  std::string organizational_domain;
  std::string policy, subdomain, nonexistent;  // p, sp, np; the last two may be empty
  bool dkim_strict = false;
  bool spf_strict = false;
  bool testing = false;
  std::string failure_options;    // fo=; may be empty
  std::vector<std::string> uris;  // rua=, as written
  friend bool operator==(AggregatePolicy const&, AggregatePolicy const&) = default;
};

struct AggregateReport {
  AggregatePolicy policy;
  std::map<AggregateRow, std::uint64_t> rows;
  friend bool operator==(AggregateReport const&, AggregateReport const&) = default;
};

/// All counts since `began`. Bounded: what does not fit any more is only counted as left out.
class AggregateCounts {
 public:
  static constexpr std::size_t domains_max = 5'000;
  static constexpr std::size_t rows_max = 20'000;  // of all domains
  explicit AggregateCounts(Instant began) : began_{began} {}
  void add(AggregatePolicy const& policy, AggregateRow row);
  [[nodiscard]] Instant began() const { return began_; }
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  [[nodiscard]] std::map<std::string, AggregateReport> const& reports() const { return reports_; }
  [[nodiscard]] std::string encode() const;
  /// nullopt: not what encode() wrote.
  static std::optional<AggregateCounts> decode(std::string_view bytes);

 private:
  Instant began_;
  std::map<std::string, AggregateReport> reports_;  // by policy domain
  std::size_t rows_ = 0;
  std::uint64_t left_out_ = 0;
};

struct AggregateSender {
  std::string hostname;   // the receiver that reports
  std::string contact;    // the author's address
  std::string report_id;  // letters, digits, '.', '-'
  Instant begin{};
  Instant end{};
};
/// The document, elements in the schema's order (RFC 9990 Appendix A).
std::string aggregate_xml(AggregateReport const& report, AggregateSender const& sender);
/// "receiver!policy-domain!begin!end!id.xml.gz" (RFC 9990 §3.1.1).
std::string aggregate_file_name(AggregateReport const& report, AggregateSender const& sender);

struct AggregateMessage {
  AggregateReport const& report;
  AggregateSender const& sender;
  mail::Mailbox recipient;
  std::string message_id;
  std::string boundary;
  std::string_view compressed;  // the document, gzip
};
/// Header section, empty line and body; seven-bit, CRLF.
std::string aggregate_message(AggregateMessage const& wanted);

/// The mailbox of a "mailto:" URI, RFC 7489's "!10m" left out; nullopt: another scheme, no mailbox.
std::optional<mail::Mailbox> report_mailbox(std::string_view uri);
/// The name whose TXT record lets `mailbox` take reports about the policy's domain; empty: it needs
/// none, being of the same organization (RFC 9990 §4).
std::string report_consent_name(AggregatePolicy const& policy, mail::Mailbox const& mailbox);
}  // namespace pb::report
