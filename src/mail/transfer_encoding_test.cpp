// transfer_encoding_test.cpp: encodings there and back, and what conversion leaves alone.
// Spec: RFC 2045 §6.7; RFC 2046 §5.2.1.
#include "mail/transfer_encoding.hpp"

#include <gtest/gtest.h>

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "mail/mime.hpp"

namespace pb::mail {
namespace {
TEST(QuotedPrintable, comes_back_as_it_was) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (std::string const& text :
       {std::string{"é = \r\nblank at the end \r\n\r\n.dot\r\nFrom me\r\n"}, std::string(300, 'x'),
        bytes, std::string{"a\tb\t\r\n"}, std::string(76, 'y') + "\r\n" + std::string(77, 'z')}) {
    std::string const encoded = quoted_printable_encode(text);
    EXPECT_EQ(quoted_printable_decode(encoded), text);
    EXPECT_TRUE(utf8::is_ascii(encoded));
    for (std::string_view line : ascii::split(encoded, '\n'))
      EXPECT_LE(ascii::trim(line).size(), 76);
  }
}

TEST(QuotedPrintable, what_is_no_encoding_stays) {
  EXPECT_EQ(quoted_printable_decode("a=b =\r\nc=ZZ=4"), "a=b c=ZZ=4");
}

TEST(ToSevenBit, encodes_a_text_and_says_so) {
  auto const out = to_seven_bit(
      "Received: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: "
      "text/plain; charset=utf-8\r\n\r\nplain text, one caf\xC3\xA9\r\n");
  ASSERT_TRUE(out);
  EXPECT_EQ(*out,
            "Received: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\nplain text, one caf=C3=A9\r\n");
}

TEST(ToSevenBit, changes_only_the_parts_that_need_it) {
  std::string const message =
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\n"
      "--x\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n"
      "--x\r\nContent-Type: text/plain; charset=big5\r\n\r\n\xA4\xA4\xA4\xE5\r\n--x--\r\n";
  auto const out = to_seven_bit(message);
  ASSERT_TRUE(out);
  EXPECT_TRUE(utf8::is_ascii(*out));
  MimePart const root = parse_mime(*out);
  EXPECT_EQ(root.encoding, "7bit");
  ASSERT_EQ(root.parts.size(), 2);
  EXPECT_EQ(root.parts[0].body, "aGk=");
  EXPECT_EQ(root.parts[1].encoding, "base64");
  EXPECT_EQ(root.parts[1].body, "pKSk5Q==\r\n");
}

TEST(ToSevenBit, never_looks_inside_another_message) {
  EXPECT_FALSE(to_seven_bit(
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: "
      "message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: "
      "\xC3\xA9\r\n\r\n\r\n--x--\r\n"));
}

TEST(ToSevenBit, refuses_what_it_cannot_tell) {
  EXPECT_FALSE(to_seven_bit("Subject: x\r\n\r\ncaf\xC3\xA9\r\n")) << "no MIME-Version";
  EXPECT_FALSE(to_seven_bit("MIME-Version: 1.0\r\nSubject: caf\xC3\xA9\r\n\r\nx\r\n")) << "header";
  EXPECT_FALSE(
      to_seven_bit("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
                   "caf\xC3\xA9\r\n"))
      << "no parts";
}

TEST(ToSevenBit, takes_a_part_that_is_not_there_for_nothing) {
  auto const out = to_seven_bit(
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n\r\ncaf\xC3\xA9\r\n--x--\r\n");
  ASSERT_TRUE(out);
  EXPECT_NE(out->find("--x\r\n--x\r\n"), std::string::npos);
  EXPECT_NE(out->find("\r\n--x--\r\n"), std::string::npos);
}
}  // namespace
}  // namespace pb::mail
