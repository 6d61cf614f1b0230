// split_sessions_test.cpp: a session says and stores the same however its bytes arrive.
// Spec: RFC 5321 §3.3, §6.1; RFC 2920; RFC 3030; RFC 3207.          Not here: what is right to say
// (tests/dialogues).
#include <gtest/gtest.h>

#include <numeric>

#include "sim/session_world.hpp"

namespace pb::sim {
namespace {
using smtp::server::HangupReason;
using smtp::server::Role;

std::string const plain_token = "AGFsaWNlAHJpZ2h0";  // \0alice\0right
std::string const wrong_token = "AGFsaWNlAHdyb25n";  // \0alice\0wrong

struct Scenario {
  char const* name;
  Script script;
  std::size_t durable;  // messages in the store at the end, in fair weather
};

std::vector<Scenario> scenarios() {
  std::string const message =
      "From: <a@x.test>\r\nSubject: s\r\n\r\nline\r\n..dot\r\n\r\nend\r\n.\r\n";
  return {
      {"one_message",
       {{"EHLO c.test\r\n", "MAIL FROM:<a@x.test>\r\n", "RCPT TO:<b@mail.test>\r\n", "DATA\r\n",
         message, "QUIT\r\n"}},
       1},
      {"pipelined_with_a_refused_recipient",
       {{"EHLO c.test\r\n",
         "MAIL FROM:<a@x.test>\r\nRCPT TO:<reject@mail.test>\r\nRCPT TO:<b@mail.test>\r\nDATA\r\n",
         message, "MAIL FROM:<>\r\nRCPT TO:<b@mail.test>\r\nDATA\r\n", message + "QUIT\r\n"}},
       2},
      {"chunks",
       {{"EHLO c.test\r\n", "MAIL FROM:<a@x.test>\r\nRCPT TO:<b@mail.test>\r\n",
         "BDAT 12\r\nSubject: s\r\nBDAT 9\r\n\r\nhello\r\nBDAT 0 LAST\r\nQUIT\r\n"}},
       1},
      {"nobody_wants_it",
       {{"EHLO c.test\r\n", "MAIL FROM:<a@x.test>\r\nRCPT TO:<reject@mail.test>\r\nDATA\r\n",
         "RSET\r\nQUIT\r\n"}},
       0},
      {"bare_line_feed_in_data",
       {{"EHLO c.test\r\n", "MAIL FROM:<a@x.test>\r\n", "RCPT TO:<b@mail.test>\r\n", "DATA\r\n",
         "Subject: s\r\n\r\nsmuggled\n.\r\nMAIL FROM:<evil@x.test>\r\n.\r\n"}},
       0},
      {"the_peer_goes_in_the_middle",
       {{"EHLO c.test\r\n", "MAIL FROM:<a@x.test>\r\n", "RCPT TO:<b@mail.test>\r\n", "DATA\r\n",
         "Subject: s\r\n\r\nhalf a mess"}},
       0},
      {"the_peer_falls_silent",
       {{"EHLO c.test\r\n", "MAIL FROM:<a@x.test>\r\n"}, Role::relay, true},
       0},
      {"starttls_and_login",
       {{"EHLO c.test\r\n", "AUTH PLAIN " + plain_token + "\r\n", "STARTTLS\r\n", "EHLO c.test\r\n",
         "AUTH PLAIN " + wrong_token + "\r\n", "AUTH PLAIN\r\n", plain_token + "\r\n",
         "MAIL FROM:<alice@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n", message, "QUIT\r\n"},
        Role::submission},
       1},
  };
}

std::size_t octets_of(Script const& script) {
  return std::accumulate(script.turns.begin(), script.turns.end(), std::size_t{0},
                         [](std::size_t sum, auto const& turn) { return sum + turn.size(); });
}

void expect_same(Outcome const& got, Outcome const& wanted) {
  EXPECT_EQ(got.transcript, wanted.transcript);
  EXPECT_EQ(got.durable, wanted.durable);
  EXPECT_EQ(got.end, wanted.end);
  EXPECT_EQ(got.bodies_open, 0U);
}

TEST(SplitSessions, each_scenario_ends_as_it_should_in_fair_weather) {
  for (Scenario const& scenario : scenarios()) {
    Outcome outcome = World{scenario.script, {}, 1}.run();
    EXPECT_EQ(outcome.durable.size(), scenario.durable) << scenario.name << outcome.transcript;
    EXPECT_EQ(outcome.bodies_open, 0U) << scenario.name;
    for (auto const& stored : outcome.durable) EXPECT_FALSE(stored.body.contains("\n..dot"));
  }
}

TEST(SplitSessions, a_cut_at_any_byte_changes_nothing) {
  std::size_t runs = 0;
  for (Scenario const& scenario : scenarios()) {
    SCOPED_TRACE(scenario.name);
    Outcome whole = World{scenario.script, {}, 1}.run();
    for (std::size_t cut = 1; cut < octets_of(scenario.script); ++cut, ++runs) {
      SCOPED_TRACE(cut);
      expect_same(World{scenario.script, {.cut = cut}, 1}.run(), whole);
      if (::testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GT(runs, 1000U);
}

TEST(SplitSessions, pieces_slow_services_and_short_writes_change_nothing) {
  for (Scenario const& scenario : scenarios()) {
    SCOPED_TRACE(scenario.name);
    Outcome whole = World{scenario.script, {}, 1}.run();
    Weather storm{.cut = std::nullopt, .pieces = true, .slow_services = true, .short_writes = true};
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      SCOPED_TRACE(seed);
      expect_same(World{scenario.script, storm, seed}.run(), whole);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(SplitSessions, a_message_whose_commit_fails_is_never_acknowledged_and_its_body_is_dropped) {
  Script script = scenarios()[1].script;  // two messages
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Weather storm{.cut = std::nullopt,
                  .pieces = true,
                  .slow_services = seed % 2 == 0,
                  .short_writes = true,
                  .failed_commits = {0}};
    Outcome outcome = World{script, storm, seed}.run();
    EXPECT_EQ(outcome.durable.size(), 1U) << seed;
    EXPECT_EQ(outcome.bodies_dropped, 1U) << seed;
    EXPECT_TRUE(outcome.transcript.contains("\r\n451 ")) << outcome.transcript;
    EXPECT_EQ(outcome.bodies_open, 0U);
  }
}

TEST(SplitSessions, a_silent_peer_is_told_after_five_minutes) {
  Outcome outcome = World{scenarios()[6].script, {}, 1}.run();
  EXPECT_EQ(outcome.end, HangupReason::timeout);
  EXPECT_EQ(outcome.took, std::chrono::minutes{5});  // RFC 5321 §4.5.3.2.7
  EXPECT_TRUE(outcome.transcript.contains("421 "));
}

TEST(SplitSessions, a_wrong_password_waits_as_long_as_the_authenticator_says) {
  Outcome outcome = World{scenarios()[7].script, {}, 1}.run();
  EXPECT_EQ(outcome.took, Duration{1000});
  EXPECT_TRUE(outcome.transcript.contains("535 "));
}
}  // namespace
}  // namespace pb::sim
