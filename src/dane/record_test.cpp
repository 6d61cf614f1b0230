// record_test.cpp: TLSA records as text, and which SMTP uses.     Spec: RFC 6698, RFC 7672 §3.1.
#include "dane/record.hpp"

#include <gtest/gtest.h>

namespace pb::dane {
namespace {
TEST(Tlsa, reads_and_writes_the_form_of_zone_files) {
  auto const record = parse_record(" 3 1 1  00112233 44556677");
  ASSERT_TRUE(record);
  EXPECT_EQ(text(*record), "3 1 1 0011223344556677");
  for (char const* bad : {"", "3 1 1", "3 1 x 00", "3 1 256 00", "3 1 1 0", "3 1 1 zz"}) {
    EXPECT_FALSE(parse_record(bad)) << bad;
  }
  EXPECT_EQ(record_name("MX.example.com.", 25), "_25._tcp.mx.example.com");
}

TEST(Tlsa, smtp_takes_usages_two_and_three_of_the_right_length) {
  EXPECT_TRUE(is_usable({3, 1, 1, std::string(32, 'x')}));
  EXPECT_TRUE(is_usable({2, 0, 2, std::string(64, 'x')}));
  EXPECT_FALSE(is_usable({1, 1, 1, std::string(32, 'x')}));
  EXPECT_FALSE(is_usable({3, 1, 1, std::string(31, 'x')}));
  EXPECT_FALSE(is_usable({3, 2, 1, std::string(32, 'x')}));
  EXPECT_FALSE(is_usable({3, 1, 3, std::string(32, 'x')}));
}
}  // namespace
}  // namespace pb::dane
