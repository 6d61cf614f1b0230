// session_test.cpp: the session's contract with whoever executes its steps.
// Spec: session.hpp.                        Not here: what is said (tests/dialogues).
#include "smtp/server/session.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace pb::smtp::server {
namespace {
struct FixedClock final : Clock {
  [[nodiscard]] Instant now() const override { return Instant{std::chrono::seconds{1795262400}}; }
};
struct CountingRandom final : Random {
  std::uint64_t next() override { return ++value; }
  std::uint64_t value = 0;
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    Settings settings;
    settings.hostname = "mx.example";
    session_.emplace(std::make_shared<Settings const>(settings), SessionFacts{}, clock_, random_);
  }
  template <class Wanted>
  Wanted next(std::string_view& input) {
    Step const step = session_->next(input);
    EXPECT_TRUE(std::holds_alternative<Wanted>(step)) << step.index();
    return std::get<Wanted>(step);
  }
  template <class Wanted>
  Wanted next() {
    std::string_view none;
    return next<Wanted>(none);
  }
  void greet() {
    EXPECT_EQ(next<Ask>().stage, Stage::connect);
    session_->on_verdict({});
    next<Send>();
    next<ReadMore>();
  }
  /// One command: asked if `asks`, answered; then the session wants more.
  void say(std::string_view line, bool asks) {
    if (asks) {
      next<Ask>(line);
      session_->on_verdict({});
    }
    next<Send>(line);
    next<ReadMore>(line);
    EXPECT_TRUE(line.empty());
  }
  void begin_data() {
    greet();
    say("EHLO client.example\r\n", true);
    say("MAIL FROM:<a@b.example>\r\n", true);
    say("RCPT TO:<c@d.example>\r\n", true);
    say("DATA\r\n", false);
  }

  FixedClock clock_;
  CountingRandom random_;
  std::optional<Session> session_;
};

TEST_F(SessionTest, consumes_no_input_while_it_asks) {
  greet();
  std::string_view input = "EHLO a.example\r\nNOOP\r\n";
  EXPECT_EQ(next<Ask>(input).stage, Stage::ehlo);
  EXPECT_EQ(input, "NOOP\r\n");
  EXPECT_EQ(session_->facts().helo, "a.example");
}

TEST_F(SessionTest, hands_out_the_body_in_one_run_that_lies_in_the_input) {
  begin_data();
  std::string const wire = "A: b\r\n\r\none\r\ntwo\r\nthree\r\n.\r\n";
  std::string_view input{wire};
  EXPECT_EQ(next<Ask>(input).stage, Stage::header);
  EXPECT_EQ(session_->facts().message.header->find("a")->value, " b");
  EXPECT_FALSE(session_->in_message());
  session_->on_verdict({});
  EXPECT_TRUE(session_->in_message());
  auto const append = next<AppendBody>(input);
  EXPECT_EQ(append.bytes, "one\r\ntwo\r\nthree\r\n");
  EXPECT_EQ(append.bytes.data(), wire.data() + 8);
  session_->on_appended(SinkAnswer::ok);
  EXPECT_EQ(next<Ask>(input).stage, Stage::end_of_data);
  EXPECT_EQ(session_->facts().message.octets, wire.size() - 3);
  session_->on_verdict({});
  next<Commit>(input);
  QueueId const id{7};
  session_->set_queue_id(id);
  ReceivedMessage const message = session_->take_message();
  EXPECT_EQ(message.body_octets, 17U);
  EXPECT_NE(message.trace.find("id " + id.text()), std::string::npos);
  session_->on_committed({CommitResult::durable, id});
  EXPECT_EQ(next<Send>(input).bytes, "250 2.0.0 Accepted as " + id.text() + "\r\n");
  EXPECT_FALSE(session_->in_message());
}

TEST_F(SessionTest, gathers_replies_to_mail_and_rcpt) {
  greet();
  say("EHLO client.example\r\n", true);
  std::string_view input = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nNOOP\r\n";
  EXPECT_EQ(next<Ask>(input).stage, Stage::mail);
  session_->on_verdict({});
  EXPECT_EQ(next<Ask>(input).stage, Stage::rcpt);
  EXPECT_EQ(session_->facts().recipient->mailbox.text(), "c@d.example");
  session_->on_verdict({});
  EXPECT_EQ(next<Send>(input).bytes,
            "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n250 2.0.0 OK\r\n");
}

TEST_F(SessionTest, a_sink_that_fails_reads_on_to_the_end) {
  begin_data();
  std::string_view input = "A: b\r\n\r\none\r\n";
  next<Ask>(input);
  session_->on_verdict({});
  next<AppendBody>(input);
  session_->on_appended(SinkAnswer::no_space);
  EXPECT_FALSE(session_->in_message());
  input = "two\r\n";
  next<ReadMore>(input);
  input = ".\r\n";
  EXPECT_TRUE(next<Send>(input).bytes.starts_with("452 4.3.1"));
}

TEST_F(SessionTest, remembers_eight_bit_octets) {
  begin_data();
  std::string_view input = "A: b\r\n\r\nplain ascii text here\r\ncaf\xC3\xA9\r\n.\r\n";
  next<Ask>(input);
  session_->on_verdict({});
  next<AppendBody>(input);
  EXPECT_TRUE(session_->facts().message.eight_bit);
}

TEST_F(SessionTest, an_idle_session_is_small) {
  // An idle session is to cost 6 KiB at most (docs/performance.md),
  // of which the kernel's buffers are most.
  EXPECT_LT(sizeof(SessionFacts), 1500U);
}

TEST_F(SessionTest, waits_longer_for_commands_than_for_blocks_of_data) {
  begin_data();
  std::string_view input = "A: b\r\n";
  EXPECT_EQ(next<ReadMore>(input).wait, limits::data_block_wait);
}
}  // namespace
}  // namespace pb::smtp::server
