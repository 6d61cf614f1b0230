// saslprep_test.cpp: the examples of the RFC, and what it must refuse.       Spec: RFC 4013 §2, §3.
#include "sasl/saslprep.hpp"

#include <gtest/gtest.h>

namespace pb::sasl {
namespace {
using namespace std::string_view_literals;

TEST(Saslprep, prepares_the_examples_of_rfc_4013_section_3) {
  EXPECT_EQ(saslprep("I\xC2\xADX"), "IX");    // soft hyphen maps to nothing
  EXPECT_EQ(saslprep("user"), "user");        // no transformation
  EXPECT_EQ(saslprep("USER"), "USER");        // case stays
  EXPECT_EQ(saslprep("\xC2\xAA"), "a");       // compatibility form
  EXPECT_EQ(saslprep("\xE2\x85\xA8"), "IX");  // roman numeral nine
  EXPECT_EQ(saslprep("\x07"), std::nullopt);  // prohibited
  EXPECT_EQ(saslprep("\xD8\xA7"
                     "1"),
            std::nullopt);  // bidirectional check
}

TEST(Saslprep, maps_wide_spaces_to_a_space_and_keeps_emoji) {
  EXPECT_EQ(saslprep("a\xC2\xA0z"), "a z");
  EXPECT_EQ(saslprep("pass\xF0\x9F\x98\x80"), "pass\xF0\x9F\x98\x80");
}

TEST(Saslprep, refuses_nul_bad_utf8_emptiness_and_length) {
  EXPECT_EQ(saslprep("a\0b"sv), std::nullopt);
  EXPECT_EQ(saslprep("\xFF\xFE"), std::nullopt);
  EXPECT_EQ(saslprep(""), std::nullopt);
  EXPECT_EQ(saslprep("\xC2\xAD"), std::nullopt);  // nothing is left
  EXPECT_EQ(saslprep(std::string(1025, 'a')), std::nullopt);
  EXPECT_EQ(saslprep(std::string(1024, 'a')).value().size(), 1024U);
}
}  // namespace
}  // namespace pb::sasl
