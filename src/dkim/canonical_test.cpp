// canonical_test.cpp: a body digests alike however its chunks are cut.     Spec: RFC 6376 §3.4.
#include "dkim/canonical.hpp"

#include <gtest/gtest.h>

namespace pb::dkim {
namespace {
std::string whole(Canonicalization how, std::string_view body) {
  BodyHash hash{how, Hash::sha256, std::nullopt};
  hash.update(body);
  hash.finish();
  return hash.digest();
}

std::string const bodies[] = {
    "",
    "\r\n",
    " \r\n\t\r\n",
    "a",
    "a\r\n\r\n\r\n",
    " a  \t b \r\n\r\n c\t\r\n\r\n",
    "a\rb\r\r\n \r",
    "a \r b\r\n",
    "x\r\n\r\n\r\ny  ",
};

TEST(BodyHash, does_not_depend_on_where_chunks_are_cut) {
  for (Canonicalization const how : {Canonicalization::simple, Canonicalization::relaxed}) {
    for (std::string const& body : bodies) {
      std::string const expected = whole(how, body);
      for (std::size_t first = 0; first <= body.size(); ++first) {
        for (std::size_t second = first; second <= body.size(); ++second) {
          BodyHash hash{how, Hash::sha256, std::nullopt};
          hash.update(std::string_view{body}.substr(0, first));
          hash.update(std::string_view{body}.substr(first, second - first));
          hash.update(std::string_view{body}.substr(second));
          hash.finish();
          ASSERT_EQ(hash.digest(), expected) << body << ' ' << first << ' ' << second;
        }
      }
    }
  }
}

TEST(BodyHash, knows_the_examples_of_the_rfc) {
  using enum Canonicalization;
  // RFC 6376 §3.4.5.
  EXPECT_EQ(whole(relaxed, " C \r\nD \t E\r\n\r\n\r\n"), digest(Hash::sha256, " C\r\nD E\r\n"));
  EXPECT_EQ(whole(simple, " C \r\nD \t E\r\n\r\n\r\n"), digest(Hash::sha256, " C \r\nD \t E\r\n"));
  EXPECT_EQ(whole(simple, ""), digest(Hash::sha256, "\r\n"));
  EXPECT_EQ(whole(relaxed, ""), digest(Hash::sha256, ""));
}

TEST(BodyHash, many_empty_lines_before_text_are_kept) {
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "\r\n";
  for (Canonicalization const how : {Canonicalization::simple, Canonicalization::relaxed}) {
    EXPECT_EQ(whole(how, lines + "x\r\n" + lines), digest(Hash::sha256, lines + "x\r\n"));
  }
}

TEST(BodyHash, a_limit_cuts_the_canonical_text) {
  BodyHash hash{Canonicalization::relaxed, Hash::sha256, 4};
  hash.update("a   b\r\nc\r\n");
  hash.finish();
  EXPECT_EQ(hash.digest(), digest(Hash::sha256, "a b\r"));
  EXPECT_EQ(hash.octets(), 8U);
  EXPECT_TRUE(hash.is_partial());
}
}  // namespace
}  // namespace pb::dkim
