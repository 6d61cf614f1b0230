// inbox_test.cpp: captured messages are found, listed and read as a person expects.
// Spec: question.hpp, summary.hpp, reading.hpp.
#include <gtest/gtest.h>

#include "inbox/question.hpp"
#include "inbox/reading.hpp"
#include "inbox/summary.hpp"

namespace pb::inbox {
namespace {
Captured captured() {
  Captured one;
  one.id = QueueId{7};
  one.envelope.reverse_path.mailbox = mail::Mailbox{"shop", {"one.test"}};
  for (char const* name : {"bob", "carol", "dave"})
    one.envelope.forward_paths.push_back({{name, {"two.test"}}, {}, {}});
  one.recipients = {0, 2};
  one.account = "alice@one.test";
  return one;
}

TEST(Inbox, a_summary_names_only_the_recipients_that_were_captured) {
  Summary const summary =
      summarise(captured(), "From: Shop <shop@one.test>\r\nSubject: Hi\r\n\r\n");
  EXPECT_EQ(summary.to, (std::vector<std::string>{"bob@two.test", "dave@two.test"}));
  EXPECT_EQ(summary.from, "Shop <shop@one.test>");
  EXPECT_EQ(summary.subject, "Hi");
}

TEST(Inbox, encoded_words_are_decoded_and_blanks_between_them_left_out) {
  EXPECT_EQ(decode_words(" =?utf-8?Q?caf=C3=A9_au?= =?UTF-8?B?IGxhaXQ=?= now"), "café au lait now");
  EXPECT_EQ(decode_words(" =?ISO-8859-1?Q?a=E9?=\r\n b"), "aé b");
  EXPECT_EQ(decode_words("=?koi8-r?B?8NLJ?="), "=?koi8-r?B?8NLJ?=") << "unknown: as it is";
  EXPECT_EQ(decode_words("=?utf-8?Q?unfinished"), "=?utf-8?Q?unfinished");
}

TEST(Inbox, questions_find_by_part_and_without_case) {
  Summary const summary = summarise(captured(), "Subject: Your Order\r\n\r\n");
  EXPECT_TRUE(fits({.to = "BOB@two.test"}, summary));
  EXPECT_FALSE(fits({.to = "carol"}, summary)) << "carol's copy was not captured";
  EXPECT_TRUE(fits({.from = "shop", .subject = "order"}, summary));
  EXPECT_FALSE(fits({.from = "shop", .subject = "invoice"}, summary));
  EXPECT_FALSE(fits({.after = QueueId{7}}, summary));
  EXPECT_TRUE(fits({.after = QueueId{6}}, summary));
}

TEST(Inbox, reads_the_plain_text_of_a_multipart_and_lists_its_parts) {
  Reading const reading = read_message(
      "Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\npreamble\r\n--b1\r\n"
      "Content-Type: multipart/alternative; boundary=b2\r\n\r\n"
      "--b2\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n"
      "--b2\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\nHello =E2=82=AC=\r\n5\r\n--b2--\r\n"
      "--b1\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n"
      "\r\nSGVs\r\nbG8=\r\n--b1--\r\n");
  EXPECT_EQ(reading.text, "Hello €5\n");
  EXPECT_EQ(reading.html, "<p>Hello</p>\n");
  ASSERT_EQ(reading.parts.size(), 3U);
  EXPECT_EQ(reading.parts[2].filename, "a.pdf");
  EXPECT_EQ(reading.parts[2].octets, 5U);
}

TEST(Inbox, a_message_without_header_or_end_is_read_too) {
  EXPECT_EQ(read_message("\r\nonly a body\r\n").text, "only a body\n");
  EXPECT_EQ(read_message("Subject: x\r\n").text, "");
  EXPECT_EQ(read_message("").text, "");
}

TEST(Inbox, nested_multiparts_cost_no_more_than_their_bounds) {
  std::string message;
  for (int i = 0; i < 1000; ++i)
    message += "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n";
  EXPECT_LE(read_message(message).parts.size(), 200U);
}
}  // namespace
}  // namespace pb::inbox
