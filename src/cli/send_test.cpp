// send_test.cpp: the words of send keep to the terms, and its screens and messages are right.
// Spec: docs/terms.md; docs/reference/command-line.md ("send").
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "cli/account_messages.hpp"
#include "cli/send_message.hpp"
#include "cli/send_messages.hpp"
#include "cli/send_screen.hpp"
#include "text/terms.hpp"

namespace pb::cli {
namespace {
namespace client = smtp::client;

class Counting final : public Random {
 public:
  std::uint64_t next() override { return ++count_ * 0x9E3779B97F4A7C15ULL; }

 private:
  std::uint64_t count_ = 0;
};

TEST(SendWords, keep_to_the_terms) {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::stringstream all;
  all << file.rdbuf();
  auto const terms = text::parse_terms(all.str());
  auto const hold = [&](auto const& catalogue) {
    for (auto const& message : catalogue) {
      for (auto const& complaint : text::complaints(message.text, terms))
        ADD_FAILURE() << message.id << ": " << complaint;
    }
  };
  hold(send_catalogue);
  hold(account_catalogue);
}

SendReport report_of(client::Fault fault, client::Phase phase) {
  SendReport out;
  out.host = "smtp.example.com";
  out.recipients = {"bob@example.com"};
  runtime::SubmitAttempt attempt{
      .way = {587, advisor::Security::starttls}, .transcript = {}, .said = {}};
  attempt.transcript.fault = fault;
  attempt.transcript.phase = phase;
  attempt.transcript.recipients.resize(1);
  attempt.said.remote = "192.0.2.1:587";
  out.result.attempts.push_back(std::move(attempt));
  return out;
}

TEST(SendScreen, fits_eighty_columns_for_every_fault_in_every_language) {
  for (int fault = 0; fault <= static_cast<int>(client::Fault::cancelled); ++fault) {
    for (auto language : text::all_languages) {
      auto const report = report_of(static_cast<client::Fault>(fault), client::Phase::greeting);
      for (auto line : ascii::split(send_screen(language, report, 80), '\n'))
        EXPECT_LE(utf8::columns(line), 80U) << line;
    }
  }
}

TEST(SendScreen, begins_with_what_to_do) {
  auto report = report_of(client::Fault::timeout, client::Phase::end_of_data);
  report.result.attempts[0].transcript.end_of_data_sent = true;
  EXPECT_TRUE(send_screen(text::Language::en, report, 80).starts_with("Do not send it again"));
  EXPECT_TRUE(send_screen(text::Language::zh_hant, report, 80).starts_with("先查看有沒有收到"));
  EXPECT_NE(send_json(report).find("\"sent\":\"uncertain\""), std::string::npos);
}

TEST(SendMessage, takes_recipients_from_the_header_and_removes_bcc) {
  Counting random;
  auto const out = read_message(
      "From: Ann <ann@one.test>\nTo: bob@two.test\nBcc: eve@two.test,\n bob@two.test\n\nhi\n", {},
      {.now = Instant{}, .random = random, .hostname = "localhost"});
  ASSERT_TRUE(out);
  ASSERT_EQ(out->transaction.envelope.forward_paths.size(), 2U);
  EXPECT_EQ(out->transaction.envelope.forward_paths[1].mailbox.text(), "eve@two.test");
  EXPECT_EQ(out->content.find("eve"), std::string::npos);
  EXPECT_NE(out->content.find("Message-ID: <"), std::string::npos);
  EXPECT_TRUE(out->content.ends_with("\r\n\r\nhi\r\n"));
  EXPECT_EQ(out->transaction.octets, out->content.size());
}

TEST(SendmailMessage, text_without_header_fields_is_all_body) {
  Counting random;
  MessageContext const context{.now = Instant{}, .random = random, .hostname = "box.test"};
  auto const out = read_sendmail_message(
      "hello\n\nworld\n", {{"root"}, false, "cron@box.test", "Cron Daemon"}, context);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->transaction.envelope.forward_paths[0].mailbox.text(), "root@box.test");
  EXPECT_NE(out->content.find("From: Cron Daemon <cron@box.test>\r\n"), std::string::npos);
  EXPECT_TRUE(out->content.ends_with("\r\n\r\nhello\r\n\r\nworld\r\n"));
}

TEST(SendMessage, a_message_without_recipients_or_author_is_wrong_usage) {
  Counting random;
  MessageContext const context{.now = Instant{}, .random = random, .hostname = "localhost"};
  EXPECT_EQ(read_message("From: a@b.test\n\nx\n", {}, context).error().exit, Exit::usage);
  EXPECT_EQ(read_message("To: a@b.test\n\nx\n", {}, context).error().exit, Exit::usage);
  EXPECT_EQ(read_message("", {}, context).error().exit, Exit::usage);
}
}  // namespace
}  // namespace pb::cli
