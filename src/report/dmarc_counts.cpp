// dmarc_counts.cpp: the counts of an aggregate report, and how they rest.
// Spec: dmarc_aggregate.hpp.          Tests: dmarc_aggregate_test.cpp
// Not here: what is made of them (dmarc_aggregate.cpp).
#include "base/bytes.hpp"
#include "report/dmarc_aggregate.hpp"

namespace pb::report {
namespace {
constexpr std::uint8_t format = 1;

void put(ByteWriter& out, AggregateRow const& row) {
  out.string(row.source_ip);
  out.string(row.disposition);
  out.u8(static_cast<std::uint8_t>((row.dkim_aligned ? 1 : 0) | (row.spf_aligned ? 2 : 0)));
  out.string(row.override_type);
  out.string(row.header_from);
  out.string(row.envelope_from);
  out.varint(row.dkim.size());
  for (AggregateDkim const& one : row.dkim) {
    out.string(one.domain);
    out.string(one.selector);
    out.string(one.result);
  }
  out.string(row.spf_domain);
  out.string(row.spf_scope);
  out.string(row.spf_result);
}

AggregateRow take_row(ByteReader& in) {
  AggregateRow row;
  row.source_ip = in.string();
  row.disposition = in.string();
  std::uint8_t const aligned = in.u8();
  row.dkim_aligned = (aligned & 1U) != 0;
  row.spf_aligned = (aligned & 2U) != 0;
  row.override_type = in.string();
  row.header_from = in.string();
  row.envelope_from = in.string();
  std::uint64_t const signatures = in.count();
  for (std::uint64_t i = 0; i < signatures && in.ok(); ++i) {
    AggregateDkim one;
    one.domain = in.string();
    one.selector = in.string();
    one.result = in.string();
    row.dkim.push_back(std::move(one));
  }
  row.spf_domain = in.string();
  row.spf_scope = in.string();
  row.spf_result = in.string();
  return row;
}

void put(ByteWriter& out, AggregatePolicy const& policy) {
  for (std::string const* const text :
       {&policy.domain, &policy.organizational_domain, &policy.policy, &policy.subdomain,
        &policy.nonexistent, &policy.failure_options})
    out.string(*text);
  out.u8(static_cast<std::uint8_t>((policy.dkim_strict ? 1 : 0) | (policy.spf_strict ? 2 : 0) |
                                   (policy.testing ? 4 : 0)));
  out.varint(policy.uris.size());
  for (std::string const& uri : policy.uris) out.string(uri);
}

AggregatePolicy take_policy(ByteReader& in) {
  AggregatePolicy policy;
  for (std::string* const text : {&policy.domain, &policy.organizational_domain, &policy.policy,
                                  &policy.subdomain, &policy.nonexistent, &policy.failure_options})
    *text = in.string();
  std::uint8_t const facts = in.u8();
  policy.dkim_strict = (facts & 1U) != 0;
  policy.spf_strict = (facts & 2U) != 0;
  policy.testing = (facts & 4U) != 0;
  std::uint64_t const uris = in.count();
  for (std::uint64_t i = 0; i < uris && in.ok(); ++i) policy.uris.emplace_back(in.string());
  return policy;
}
}  // namespace

void AggregateCounts::add(AggregatePolicy const& policy, AggregateRow row) {
  auto found = reports_.find(policy.domain);
  if (found == reports_.end()) {
    if (reports_.size() >= domains_max) return static_cast<void>(++left_out_);
    found = reports_.emplace(policy.domain, AggregateReport{}).first;
  }
  found->second.policy = policy;  // the newest is where the report goes
  auto const row_found = found->second.rows.find(row);
  if (row_found != found->second.rows.end()) return static_cast<void>(++row_found->second);
  if (rows_ >= rows_max) return static_cast<void>(++left_out_);
  ++rows_;
  found->second.rows.emplace(std::move(row), 1);
}

std::string AggregateCounts::encode() const {
  ByteWriter out;
  out.u8(format);
  out.signed_varint(began_.time_since_epoch().count());
  out.varint(left_out_);
  out.varint(reports_.size());
  for (auto const& [domain, report] : reports_) {
    put(out, report.policy);
    out.varint(report.rows.size());
    for (auto const& [row, count] : report.rows) {
      put(out, row);
      out.varint(count);
    }
  }
  return out.take();
}

std::optional<AggregateCounts> AggregateCounts::decode(std::string_view bytes) {
  ByteReader in{bytes};
  if (in.u8() != format) return std::nullopt;
  AggregateCounts out{Instant{Duration{in.signed_varint()}}};
  out.left_out_ = in.varint();
  std::uint64_t const domains = in.count();
  for (std::uint64_t i = 0; i < domains && in.ok(); ++i) {
    AggregateReport report;
    report.policy = take_policy(in);
    std::uint64_t const rows = in.count();
    for (std::uint64_t n = 0; n < rows && in.ok(); ++n) {
      AggregateRow row = take_row(in);
      report.rows.emplace(std::move(row), in.varint());
    }
    out.rows_ += report.rows.size();
    std::string const domain = report.policy.domain;
    out.reports_.emplace(domain, std::move(report));
  }
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return out;
}
}  // namespace pb::report
