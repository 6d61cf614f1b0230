// dsn_test.cpp: reports in three languages against golden files, and what hostile text becomes.
// Spec: RFC 3464; RFC 6522; RFC 2047 §2.
#include "report/dsn.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "mail/mime.hpp"
#include "report/explanation.hpp"
#include "report/messages.hpp"
#include "text/terms.hpp"

namespace pb::report {
namespace {
using queue::Reason;
using queue::ReportAction;

Instant at(std::int64_t seconds) { return Instant{std::chrono::seconds{seconds}}; }

class DsnTest : public testing::Test {
 protected:
  DsnTest() {
    message->envelope.reverse_path.mailbox = mail::Mailbox{"alice", {"one.example"}};
    message->accepted_at = at(1'763'740'800);
    message->expires_at = at(1'763'740'800 + 5 * 86'400);
    message->trace = "Received: by us.example\r\n";
  }

  void add(std::string local_part, std::string domain, ReportAction action, Reason reason,
           smtp::EnhancedStatus status, queue::RemoteReply reply = {}) {
    queue::ReportItem item;
    item.recipient = static_cast<std::uint32_t>(message->envelope.forward_paths.size());
    message->envelope.forward_paths.push_back(
        {{std::move(local_part), {std::move(domain)}}, {}, {}});
    item.action = action;
    item.status = status;
    item.state.reason = reason;
    item.state.reply = std::move(reply);
    request.items.push_back(std::move(item));
  }

  Dsn make(text::Language language = text::Language::en) {
    request.message = message;
    return make_dsn({request, "us.example", language, at(1'763'748'000), "pb.0123456789abcdefghij",
                     "<1.a@us.example>", content});
  }
  std::string first_part(text::Language language = text::Language::en) {
    request.message = message;
    return explain(request, "us.example", language);
  }

  std::shared_ptr<queue::QueuedMessage> message = std::make_shared<queue::QueuedMessage>();
  queue::ReportRequest request;
  std::string content =
      "Received: by us.example\r\nMessage-ID: <x@one.example>\r\nSubject: hi\r\n\r\nsecret "
      "body\r\n";
};

/// Compares with tests/reports/NAME; PB_WRITE_GOLDEN=1 writes it.
void expect_golden(std::string const& name, std::string const& text) {
  std::string const path = PB_SOURCE_DIR "/tests/reports/" + name;
  if (std::getenv("PB_WRITE_GOLDEN") != nullptr) std::ofstream{path, std::ios::binary} << text;
  std::ifstream in{path, std::ios::binary};
  std::string const golden{std::istreambuf_iterator<char>{in}, {}};
  EXPECT_EQ(text, golden) << name;
}

TEST_F(DsnTest, a_mistyped_mailbox_is_explained_in_three_languages) {
  add("bbo", "two.example", ReportAction::failed, Reason::remote_refused, {5, 1, 1},
      {550, {5, 1, 1}, "no such user", "mx.two.example [192.0.2.1]:25"});
  EXPECT_TRUE(first_part().starts_with(
      "Your message to bbo@two.example was not delivered: there is no mailbox\r\n"
      "bbo@two.example.\r\n"))
      << first_part();
  expect_golden("bounce.en.eml", make().content);
  expect_golden("bounce.en.txt", first_part());
  expect_golden("bounce.zh-Hant.txt", first_part(text::Language::zh_hant));
  expect_golden("bounce.zh-Hans.txt", first_part(text::Language::zh_hans));
}

TEST_F(DsnTest, a_delay_says_until_when) {
  add("bob", "two.example", ReportAction::delayed, Reason::connect_timeout, {4, 4, 1});
  expect_golden("delay.en.eml", make().content);
  expect_golden("delay.zh-Hant.txt", first_part(text::Language::zh_hant));
  expect_golden("delay.zh-Hans.txt", first_part(text::Language::zh_hans));
}

TEST_F(DsnTest, many_recipients_are_listed_in_one_report) {
  add("a", "two.example", ReportAction::failed, Reason::domain_not_found, {5, 1, 2});
  add("b", "three.example", ReportAction::failed, Reason::expired, {5, 4, 7});
  add("c", "four.example", ReportAction::relayed, Reason::none, {2, 0, 0},
      {250, {2, 0, 0}, "taken", "mx.four.example [192.0.2.4]:25"});
  expect_golden("mixed.en.eml", make().content);
}

TEST_F(DsnTest, the_parts_are_those_of_multipart_report) {
  add("bbo", "two.example", ReportAction::failed, Reason::mailbox_unknown, {5, 1, 1});
  message->envelope.forward_paths[0].original_recipient = "rfc822;Bbo+2Bx@two.example";
  message->envelope.envelope_id = "id+2B1";
  Dsn const dsn = make(text::Language::zh_hant);
  EXPECT_FALSE(dsn.eight_bit);
  EXPECT_TRUE(utf8::is_ascii(dsn.content));
  mail::MimePart const root = mail::parse_mime(dsn.content);
  EXPECT_TRUE(root.type.is("multipart", "report"));
  EXPECT_EQ(root.type.parameters.at("report-type"), "delivery-status");
  ASSERT_EQ(root.parts.size(), 3);
  EXPECT_TRUE(root.parts[0].type.is("text", "plain"));
  EXPECT_TRUE(root.parts[1].type.is("message", "delivery-status"));
  EXPECT_TRUE(root.parts[2].type.is("text", "rfc822-headers"));
  std::string_view const status = root.parts[1].body;
  for (std::string_view const field :
       {"Reporting-MTA: dns; us.example\r\n", "Original-Envelope-Id: id+1\r\n",
        "Original-Recipient: rfc822; Bbo+x@two.example\r\n",
        "Final-Recipient: rfc822; bbo@two.example\r\n", "Action: failed\r\n", "Status: 5.1.1\r\n"})
    EXPECT_NE(status.find(field), std::string_view::npos) << field;
  EXPECT_EQ(dsn.content.find("secret body"), std::string::npos) << "RET=HDRS by default";
  EXPECT_NE(dsn.content.find("\r\nAuto-Submitted: auto-replied\r\n"), std::string::npos);
  EXPECT_NE(dsn.content.find("\r\nIn-Reply-To: <x@one.example>\r\n"), std::string::npos);
}

TEST_F(DsnTest, all_of_it_goes_back_only_on_demand_and_when_it_is_short) {
  add("bbo", "two.example", ReportAction::failed, Reason::mailbox_unknown, {5, 1, 1});
  message->envelope.dsn_return = mail::DsnReturn::full;
  message->body_octets = 1000;
  EXPECT_NE(make().content.find("secret body"), std::string::npos);
  message->body_octets = 100'000;
  EXPECT_EQ(make().content.find("secret body"), std::string::npos);
}

TEST_F(DsnTest, hostile_text_makes_no_fields_and_no_escape_sequences) {
  add("bbo", "two.example", ReportAction::failed, Reason::remote_refused, {5, 7, 1},
      {554,
       {5, 7, 1},
       "no\r\nBcc: all@x.example\r\n\r\n--pb.0123456789abcdefghij--\x1b[31m",
       "evil\r\nX: y [192.0.2.1]:25"});
  message->envelope.forward_paths[0].original_recipient = "rfc822;x+0D+0AX-Evil:+20y";
  std::string const text = make().content;
  for (std::string_view const evil : {"\nBcc:", "\nX: y", "\x1b", "\nX-Evil"})
    EXPECT_EQ(text.find(evil), std::string::npos) << evil;
  EXPECT_EQ(mail::parse_mime(text).parts.size(), 3);
}

TEST_F(DsnTest, a_utf8_recipient_is_named_as_rfc_6533_says) {
  add("b\xC3\xA9", "two.example", ReportAction::failed, Reason::utf8_address_unsupported,
      {5, 6, 7});
  EXPECT_NE(make().content.find("Final-Recipient: utf-8; b\\x{E9}@two.example\r\n"),
            std::string::npos);
}

TEST_F(DsnTest, a_returned_header_in_utf8_has_the_type_of_rfc_6533) {
  content = "Subject: gr\xC3\xBC\xC3\x9F\r\n\r\nbody\r\n";
  add("bbo", "two.example", ReportAction::failed, Reason::utf8_header_unsupported, {5, 6, 9});
  Dsn const dsn = make();
  EXPECT_TRUE(dsn.eight_bit);
  EXPECT_FALSE(dsn.smtputf8) << "the report's own header is ASCII";
  EXPECT_TRUE(mail::parse_mime(dsn.content).parts.at(2).type.is("message", "global-headers"));
  message->envelope.dsn_return = mail::DsnReturn::full;
  EXPECT_TRUE(mail::parse_mime(make().content).parts.at(2).type.is("message", "global"));
  content = "Subject: gr\xFC\xDF\r\n\r\nbody\r\n";
  EXPECT_TRUE(mail::parse_mime(make().content).parts.at(2).type.is("message", "rfc822"))
      << "not UTF-8";
}

TEST_F(DsnTest, a_utf8_sender_needs_smtputf8) {
  add("bbo", "two.example", ReportAction::failed, Reason::mailbox_unknown, {5, 1, 1});
  message->envelope.reverse_path.mailbox->local_part = "\xC3\xA9";
  EXPECT_TRUE(make().smtputf8);
  EXPECT_TRUE(make().eight_bit);
}

TEST(EncodedWords, are_short_and_cut_between_characters) {
  EXPECT_EQ(encoded_words("plain"), "plain");
  std::string long_text;
  for (int i = 0; i < 60; ++i) long_text += "\xE9\x83\xB5";
  std::string decoded;
  for (std::string_view line : ascii::split(encoded_words(long_text), '\n')) {
    line = ascii::trim(line);
    EXPECT_LE(line.size(), 75);
    std::string const piece = *base64_decode(line.substr(10, line.size() - 12));
    EXPECT_TRUE(utf8::valid(piece));
    decoded += piece;
  }
  EXPECT_EQ(decoded, long_text);
}

TEST(ReportMessages, keep_to_the_terms_and_differ_between_languages) {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::string const markdown{std::istreambuf_iterator<char>{file}, {}};
  auto const terms = text::parse_terms(markdown);
  for (text::Message const& message : all_messages())
    for (std::string const& complaint : text::complaints(message.text, terms))
      ADD_FAILURE() << message.id << ": " << complaint;
}
}  // namespace
}  // namespace pb::report
