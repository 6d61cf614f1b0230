// dmarc_aggregate_test.cpp: counts are bounded, rest and come back; the document is the golden one.
// Spec: RFC 9990 §2, §3.1, §4.
#include "report/dmarc_aggregate.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace pb::report {
namespace {
constexpr Instant began{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

AggregatePolicy policy() {
  AggregatePolicy out;
  out.domain = "example.com";
  out.organizational_domain = "example.com";
  out.policy = "reject";
  out.subdomain = "quarantine";
  out.dkim_strict = true;
  out.uris = {"mailto:dmarc@example.com"};
  return out;
}

AggregateRow passed() {
  AggregateRow row;
  row.source_ip = "192.0.2.1";
  row.disposition = "pass";
  row.dkim_aligned = row.spf_aligned = true;
  row.header_from = row.envelope_from = row.spf_domain = "example.com";
  row.dkim = {{"example.com", "s1", "pass"}, {"list.example", "k", "fail"}};
  row.spf_scope = "mfrom";
  row.spf_result = "pass";
  return row;
}

AggregateRow forged() {
  AggregateRow row;
  row.source_ip = "2001:db8::7";
  row.disposition = "quarantine";
  row.override_type = "local_policy";
  row.header_from = "<mail>&\x01.example.com";
  row.spf_domain = "forger.example";
  row.spf_scope = "helo";
  row.spf_result = "none";
  return row;
}

AggregateCounts counts() {
  AggregateCounts out{began};
  out.add(policy(), passed());
  out.add(policy(), forged());
  out.add(policy(), passed());
  return out;
}

AggregateSender sender() {
  return {"mx.example.org", "postmaster@mx.example.org", "0123abcd", began,
          began + std::chrono::days{1}};
}

TEST(AggregateCounts, count_what_is_alike_together_and_come_back_from_their_bytes) {
  AggregateCounts const all = counts();
  auto const& rows = all.reports().at("example.com").rows;
  EXPECT_EQ(rows.at(passed()), 2U);
  EXPECT_EQ(rows.at(forged()), 1U);
  auto const back = AggregateCounts::decode(all.encode());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->began(), began);
  EXPECT_EQ(back->reports(), all.reports());
}

TEST(AggregateCounts, torn_bytes_are_no_counts) {
  std::string const bytes = counts().encode();
  for (std::size_t octets = 0; octets < bytes.size(); ++octets)
    EXPECT_FALSE(AggregateCounts::decode(std::string_view{bytes}.substr(0, octets))) << octets;
}

TEST(AggregateCounts, are_bounded_whatever_strangers_send) {
  AggregateCounts all{began};
  for (std::size_t i = 0; i < AggregateCounts::rows_max + 10; ++i) {
    AggregateRow row = passed();
    row.source_ip = std::to_string(i);
    all.add(policy(), std::move(row));
  }
  EXPECT_EQ(all.reports().at("example.com").rows.size(), AggregateCounts::rows_max);
  EXPECT_EQ(all.left_out(), 10U);
  for (std::size_t i = 0; i < AggregateCounts::domains_max; ++i) {
    AggregatePolicy other = policy();
    other.domain = std::to_string(i) + ".example";
    all.add(other, passed());
  }
  EXPECT_EQ(all.reports().size(), AggregateCounts::domains_max);
}

TEST(AggregateXml, is_the_golden_document) {
  std::string const made = aggregate_xml(counts().reports().at("example.com"), sender());
  std::string const path = PB_SOURCE_DIR "/tests/reports/dmarc_aggregate.xml";
  if (std::getenv("PB_WRITE_GOLDEN") != nullptr) std::ofstream{path} << made;
  std::stringstream golden;
  golden << std::ifstream{path}.rdbuf();
  EXPECT_EQ(made, golden.str());
}

TEST(AggregateMessage, names_its_file_as_programs_expect_it) {
  AggregateCounts const all = counts();
  AggregateReport const& report = all.reports().at("example.com");
  EXPECT_EQ(aggregate_file_name(report, sender()),
            "mx.example.org!example.com!1795305600!1795392000!0123abcd.xml.gz");
  std::string const message =
      aggregate_message({report, sender(), {"dmarc", {"example.com"}}, "<1@x>", "pb.1", "zzz"});
  EXPECT_NE(message.find("Subject: Report Domain: example.com\r\n Submitter: mx.example.org\r\n "
                         "Report-ID: <0123abcd>\r\n"),
            std::string::npos);
  EXPECT_NE(message.find("Content-Type: application/gzip\r\n"), std::string::npos);
  EXPECT_TRUE(message.ends_with("enp6\r\n--pb.1--\r\n")) << message;
}

TEST(ReportMailbox, is_that_of_a_mailto_uri) {
  EXPECT_EQ(report_mailbox("mailto:a@x.example")->text(), "a@x.example");
  EXPECT_EQ(report_mailbox("MAILTO:a%21b@x.example!10m")->text(), "a!b@x.example");
  for (char const* const uri : {"https://x.example/", "mailto:", "mailto:a@[192.0.2.1]",
                                "mailto:a%0d%0ab@x.example", "mailto:%zz@x.example"})
    EXPECT_FALSE(report_mailbox(uri)) << uri;
}

TEST(ReportConsent, is_asked_of_other_organizations_only) {
  EXPECT_EQ(report_consent_name(policy(), {"d", {"mail.example.com"}}), "");
  EXPECT_EQ(report_consent_name(policy(), {"d", {"watch.example"}}),
            "example.com._report._dmarc.watch.example");
  EXPECT_EQ(report_consent_name(policy(), {"d", {"badexample.com"}}),
            "example.com._report._dmarc.badexample.com");
}
}  // namespace
}  // namespace pb::report
