// header_section_test.cpp: reading and editing a header section.   Spec: RFC 5322 §2.2, §3.6.
#include "mail/header_section.hpp"

#include <gtest/gtest.h>

#include "base/ascii.hpp"

namespace pb::mail {
namespace {
TEST(HeaderSection, finds_fields_without_regard_to_case_and_keeps_folds) {
  auto const section = HeaderSection::parse("Subject: a\r\n b\r\nTO : x@y.example\r\n").value();
  EXPECT_EQ(section.size(), 2U);
  EXPECT_EQ(section.find("subject")->value, " a\r\n b");
  EXPECT_EQ(unfold(section.find("subject")->value), "a b");
  EXPECT_EQ(section.find("to")->name, "TO");
}

TEST(HeaderSection, keeps_malformed_lines_in_the_bytes) {
  std::string const bytes = ">From nobody\r\nA: 1\r\nno colon here\r\n fold\r\nB: 2\r\n";
  auto section = HeaderSection::parse(bytes).value();
  EXPECT_EQ(section.size(), 2U);
  EXPECT_EQ(section.bytes(), bytes);
  EXPECT_EQ(section.remove_if([](Field const& f) { return f.name == "A"; }), 1U);
  EXPECT_EQ(section.bytes(), ">From nobody\r\nno colon here\r\n fold\r\nB: 2\r\n");
}

TEST(HeaderSection, adds_in_front_and_behind) {
  auto section = HeaderSection::parse("A: 1\r\n").value();
  section.prepend("Z: 0\r\n");
  section.append("B: 2\r\n");
  EXPECT_EQ(section.bytes(), "Z: 0\r\nA: 1\r\nB: 2\r\n");
  EXPECT_EQ(section.at(2).name, "B");
}

TEST(HeaderSection, has_limits) {
  EXPECT_EQ(HeaderSection::parse(std::string(limits::header_section_octets_max + 1, 'x')).error(),
            HeaderError::too_large);
  std::string many;
  for (std::size_t i = 0; i <= limits::header_fields_max; ++i) many += "A: 1\r\n";
  EXPECT_EQ(HeaderSection::parse(many).error(), HeaderError::too_many_fields);
}
}  // namespace
}  // namespace pb::mail
