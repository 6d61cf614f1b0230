// canonical_test.cpp: a body digests alike however its chunks are cut.     Spec: RFC 6376 §3.4.
#include "dkim/canonical.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

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

/// RFC 6376 §3.4.4 octet by octet, over the whole body at once.
std::string relaxed_by_the_letter(std::string_view body) {
  std::string out;
  for (std::size_t i = 0; i < body.size(); ++i) {
    bool const blank = body[i] == ' ' || body[i] == '\t';
    if (blank && !out.ends_with('\1')) out += '\1';
    if (blank) continue;
    bool const line_end = body.substr(i).starts_with("\r\n");
    if (line_end && out.ends_with('\1')) out.pop_back();
    out += body[i];
  }
  if (out.ends_with('\1')) out.pop_back();
  std::ranges::replace(out, '\1', ' ');
  while (out.ends_with("\r\n\r\n")) out.resize(out.size() - 2);
  if (out == "\r\n") return {};
  if (!out.empty() && !out.ends_with("\r\n")) out += "\r\n";
  return out;
}

TEST(BodyHash, relaxed_is_what_the_rfc_says_octet_by_octet) {
  std::minstd_rand random{7};
  for (int round = 0; round < 3000; ++round) {
    std::string body;
    std::size_t const pieces = random() % 200;
    std::size_t const plain = 1 + random() % 9;
    for (std::size_t i = 0; i < pieces; ++i) {
      static constexpr std::string_view odd[] = {" ", "\t", "\r\n", "\r", "\n", "  ", " \r\n"};
      body += random() % plain == 0 ? odd[random() % std::size(odd)] : "word";
    }
    std::string const expected = digest(Hash::sha256, relaxed_by_the_letter(body));
    ASSERT_EQ(whole(Canonicalization::relaxed, body), expected) << round;
    std::size_t const cut = body.empty() ? 0 : random() % body.size();
    BodyHash hash{Canonicalization::relaxed, Hash::sha256, std::nullopt};
    hash.update(std::string_view{body}.substr(0, cut));
    hash.update(std::string_view{body}.substr(cut));
    hash.finish();
    ASSERT_EQ(hash.digest(), expected) << round << ' ' << cut;
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
