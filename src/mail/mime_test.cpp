// mime_test.cpp: structures as the world sends them, broken ones too, and limits.
// Spec: RFC 2045 §5.1; RFC 2046 §5.1.1.
#include "mail/mime.hpp"

#include <gtest/gtest.h>

namespace pb::mail {
namespace {
TEST(ContentTypeTest, reads_types_parameters_and_comments) {
  auto const type = parse_content_type(
      " Text/HTML (a comment); Charset=\"utf-8\" ; name=a b.txt; x=\"q\\\"uoted;\"");
  EXPECT_EQ(type.type, "text");
  EXPECT_EQ(type.subtype, "html");
  EXPECT_EQ(type.parameters.at("charset"), "utf-8");
  EXPECT_EQ(type.parameters.at("name"), "a b.txt");
  EXPECT_EQ(type.parameters.at("x"), "q\"uoted;");
}

TEST(ContentTypeTest, what_is_malformed_is_plain_text) {
  for (std::string_view const value : {"", "text", "/", "text/", ";;;", "(", "\"text/html\""})
    EXPECT_TRUE(parse_content_type(value).is("text", "plain")) << value;
}

TEST(Mime, splits_nested_multiparts) {
  MimePart const root = parse_mime(
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"a b\"\r\n\r\npreamble\r\n"
      "--a b\r\n\r\nfirst\r\n"
      "--a b  \r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
      "--in\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: Base64 (x)\r\n\r\naGk=\r\n"
      "--in--\r\n"
      "--a b--\r\nepilogue\r\n--a b\r\nnot a part\r\n");
  ASSERT_EQ(root.parts.size(), 2);
  EXPECT_EQ(root.parts[0].body, "first");
  ASSERT_EQ(root.parts[1].parts.size(), 1);
  EXPECT_TRUE(root.parts[1].parts[0].type.is("text", "html"));
  EXPECT_EQ(root.parts[1].parts[0].encoding, "base64");
  EXPECT_EQ(root.parts[1].parts[0].body, "aGk=");
}

TEST(Mime, a_longer_boundary_is_another_one) {
  MimePart const root = parse_mime(
      "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--xy\r\nstill "
      "one\r\n--x--\r\n");
  ASSERT_EQ(root.parts.size(), 1);
  EXPECT_EQ(root.parts[0].body, "one\r\n--xy\r\nstill one");
}

TEST(Mime, a_missing_close_delimiter_ends_with_the_message) {
  MimePart const root =
      parse_mime("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n");
  ASSERT_EQ(root.parts.size(), 1);
  EXPECT_EQ(root.parts[0].body, "one\r\n");
}

TEST(Mime, depth_and_count_are_bounded) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n";
  std::size_t depth = 0;
  for (MimePart part = parse_mime(deep); !part.parts.empty(); ++depth) {
    MimePart next = part.parts[0];
    part = std::move(next);
  }
  EXPECT_LE(depth, mime_depth_max);
  std::string wide = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
  for (int i = 0; i < 5000; ++i) wide += "--x\r\n\r\na\r\n";
  MimePart const root = parse_mime(wide);
  EXPECT_TRUE(root.truncated);
  EXPECT_LE(root.parts.size(), mime_parts_max);
}
}  // namespace
}  // namespace pb::mail
