// record_test.cpp: the examples of RFC 8460 and what is refused.              Spec: RFC 8460 §3.
#include "tlsrpt/record.hpp"

#include <gtest/gtest.h>

namespace pb::tlsrpt {
namespace {
TEST(TlsReport, reads_the_records_of_the_rfc) {
  EXPECT_EQ(parse_record("v=TLSRPTv1;rua=mailto:reports@example.com")->report_uris.size(), 1U);
  auto const two = parse_record("v=TLSRPTv1; rua=https://r.example/v1/tlsrpt, mailto:a@b.example;");
  ASSERT_TRUE(two);
  EXPECT_EQ(two->report_uris[1], "mailto:a@b.example");
  for (char const* bad : {"v=TLSRPTv1", "v=TLSRPTv1; rua=", "v=TLSRPTv1; rua=ftp://x",
                          "v=TLSRPTv1; rua=mailto:%zz", "v=TLSRPTv10; rua=mailto:a@b.example"}) {
    EXPECT_FALSE(parse_record(bad)) << bad;
  }
}
}  // namespace
}  // namespace pb::tlsrpt
