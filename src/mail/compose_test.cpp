// compose_test.cpp: what is composed can be read by others: fields, encoded words, parts.
// Spec: RFC 5322 §3.6, RFC 2046 §5.1, RFC 2047 §2, RFC 2231 §4.
#include "mail/compose.hpp"

#include <gtest/gtest.h>

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "mail/header_section.hpp"

namespace pb::mail {
namespace {
Draft draft() {
  Draft out;
  out.from = *parse_header_addresses("Ann Example <ann@one.test>");
  out.to = *parse_header_addresses("bob@two.test, \"Doe, Jo\" <jo@two.test>");
  out.subject = "Hello";
  out.text = "one\n.two\n";
  out.date = "Sat, 21 Nov 2026 18:25:29 +0000";
  out.message_id = "<1.a@one.test>";
  out.boundary = "b";
  return out;
}

TEST(Compose, a_plain_message_is_plain) {
  EXPECT_EQ(
      compose(draft()),
      "Date: Sat, 21 Nov 2026 18:25:29 +0000\r\nMessage-ID: <1.a@one.test>\r\n"
      "From: Ann Example <ann@one.test>\r\nTo: bob@two.test,\r\n \"Doe, Jo\" <jo@two.test>\r\n"
      "Subject: Hello\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
      "one\r\n.two\r\n");
}

TEST(Compose, other_letters_become_encoded_words_of_whole_characters) {
  Draft one = draft();
  one.subject = "連接埠被封鎖了，請問該怎麼辦？這是一個很長很長的主旨";
  one.text = "寄信";
  std::string const message = compose(one);
  EXPECT_TRUE(utf8::is_ascii(message));
  EXPECT_NE(message.find("Subject: =?UTF-8?B?"), std::string::npos);
  EXPECT_NE(message.find("quoted-printable"), std::string::npos);
  for (auto line : ascii::split(message, '\n')) EXPECT_LE(line.size(), 79U) << line;
}

TEST(Compose, text_html_and_attachments_nest) {
  Draft one = draft();
  one.html = "<p>hi</p>";
  one.attachments = {{"Prüfung 1.pdf", "", std::string(200, '\xFF')}};
  std::string const message = compose(one);
  auto const at = [&](std::string_view text) { return message.find(text); };
  EXPECT_LT(at("multipart/mixed"), at("multipart/alternative"));
  EXPECT_LT(at("text/plain"), at("text/html"));
  EXPECT_LT(at("--b_a--"), at("Content-Type: application/pdf"));
  EXPECT_NE(at("filename*=UTF-8''Pr%C3%BCfung%201.pdf"), std::string::npos);
  EXPECT_TRUE(message.ends_with("--b_m--\r\n"));
}

TEST(Compose, html_alone_is_html_alone) {
  Draft one = draft();
  one.text.clear();
  one.html = "<p>hi</p>";
  EXPECT_EQ(compose(one).find("text/plain"), std::string::npos);
}

TEST(Compose, every_line_end_becomes_crlf) {
  EXPECT_EQ(clean_line_ends("a\nb\r\nc\rd"), "a\r\nb\r\nc\r\nd\r\n");
  EXPECT_EQ(clean_line_ends(""), "");
}

TEST(Compose, a_line_end_in_a_subject_adds_no_header_field) {
  Draft one = draft();
  one.subject = "a\r\nBcc: eve@three.test";
  EXPECT_EQ(compose(one).find("\nBcc:"), std::string::npos);
}
}  // namespace
}  // namespace pb::mail
