// record_test.cpp: the examples of RFC 8461 and what is refused.          Spec: RFC 8461 §3, §4.1.
#include "mtasts/record.hpp"

#include <gtest/gtest.h>

namespace pb::mtasts {
namespace {
TEST(MtaSts, reads_the_record_of_the_rfc) {
  EXPECT_EQ(parse_record("v=STSv1; id=20160831085700Z;")->id, "20160831085700Z");
  for (char const* bad : {"v=STSv1", "v=STSv1; id=", "v=STSv1; id=a b", "v=STSv1; id=a;; x=y",
                          "v=STSv2; id=a", "v=STSv1; id=a; id=b", "id=a; v=STSv1"}) {
    EXPECT_FALSE(parse_record(bad)) << bad;
  }
}

TEST(MtaSts, reads_the_policy_of_the_rfc_and_matches_one_label) {
  auto const policy = parse_policy(
      "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n"
      "max_age: 604800\r\n");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->mode, Mode::enforce);
  EXPECT_EQ(policy->max_age, std::chrono::seconds{604800});
  EXPECT_TRUE(matches(*policy, "Mail.example.com."));
  EXPECT_TRUE(matches(*policy, "a.example.net"));
  EXPECT_FALSE(matches(*policy, "a.b.example.net"));
  EXPECT_FALSE(matches(*policy, "example.net"));
}

TEST(MtaSts, a_key_twice_counts_once_and_too_much_is_refused) {
  EXPECT_EQ(parse_policy("version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\n")->mode,
            Mode::none);
  EXPECT_FALSE(parse_policy("version: STSv1\nmode: none\nmax_age: 31557601\n"));
  EXPECT_FALSE(parse_policy(std::string(70000, 'x')));
  EXPECT_FALSE(parse_policy("version: STSv1\n\nmode: none\nmax_age: 1\n"));
}
}  // namespace
}  // namespace pb::mtasts
