// session_test.cpp: what a dialogue file cannot say: injected bytes, long envelopes, our own
// faults. Spec: RFC 3207 §5; RFC 2920 §3.1; RFC 3030 §2; CVE class of NO STARTTLS (2021).
#include "smtp/client/session.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/ascii.hpp"

namespace pb::smtp::client {
namespace {
Settings plain_settings() {
  Settings settings;
  settings.ehlo_name = "client.example";
  settings.tls = TlsUse::never;
  return settings;
}

Transaction to_many(std::size_t recipients, std::uint64_t octets) {
  Transaction out;
  out.envelope.reverse_path.mailbox = mail::Mailbox{"a", {"one.example"}};
  for (std::size_t i = 0; i < recipients; ++i)
    out.envelope.forward_paths.push_back({{fmt::format("u{}", i), {"two.example"}}, {}, {}});
  out.octets = octets;
  return out;
}

/// Feeds `input` and follows to the first step that waits; gathers what was sent.
Step follow(Session& session, std::string_view input, std::string& sent) {
  for (;;) {
    Step step = session.next(input);
    auto* send = std::get_if<Send>(&step);
    if (!send) return step;
    sent += send->bytes;
  }
}

TEST(ClientSession, takes_nothing_that_came_before_tls_for_an_answer_behind_it) {
  Settings settings = plain_settings();
  settings.tls = TlsUse::opportunistic;
  Session session{settings};
  session.begin(to_many(1, 2));
  std::string sent;
  follow(session, "220 mx\r\n", sent);
  follow(session, "250-mx\r\n250 STARTTLS\r\n", sent);
  ASSERT_TRUE(sent.ends_with("STARTTLS\r\n"));
  Step const step = follow(session, "220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n", sent);
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  EXPECT_EQ(std::get<Done>(step).transcript.fault, Fault::injected_plaintext);
  EXPECT_TRUE(std::holds_alternative<Closed>(follow(session, "", sent)));
  EXPECT_TRUE(sent.ends_with("STARTTLS\r\n")) << "not another word";
}

TEST(ClientSession, asks_a_command_of_an_extension_and_gives_its_answer) {
  Session session{plain_settings()};
  std::string sent;
  follow(session, "220 mx\r\n", sent);
  ASSERT_TRUE(std::holds_alternative<Idle>(follow(session, "250 mx\r\n", sent)));
  session.ask("XPROBE a.example:587");
  EXPECT_TRUE(std::holds_alternative<ReadMore>(follow(session, "", sent)));
  EXPECT_TRUE(sent.ends_with("XPROBE a.example:587\r\n"));
  EXPECT_FALSE(session.answer());
  ASSERT_TRUE(
      std::holds_alternative<Idle>(follow(session, "250-2.0.0 a\r\n250 2.0.0 b\r\n", sent)));
  ASSERT_TRUE(session.answer());
  EXPECT_EQ(session.answer()->text, "a\nb");
  session.ask("XPROBE b.example:587");
  EXPECT_FALSE(session.answer());
  EXPECT_TRUE(std::holds_alternative<Closed>(follow(session, "421 4.3.2 later\r\n", sent)));
  EXPECT_FALSE(session.usable());
}

TEST(ClientSession, keeps_at_most_a_hundred_commands_ahead_of_the_replies) {
  Session session{plain_settings()};
  session.begin(to_many(1000, 2));
  std::string sent;
  follow(session, "220 mx\r\n", sent);
  sent.clear();
  follow(session, "250-mx\r\n250 PIPELINING\r\n", sent);
  std::size_t answered = 0;
  std::size_t commands = static_cast<std::size_t>(std::ranges::count(sent, '\n'));
  EXPECT_EQ(commands, 100);
  while (commands < 1002) {
    follow(session, "250 ok\r\n", sent);
    ++answered;
    commands = static_cast<std::size_t>(std::ranges::count(sent, '\n'));
    ASSERT_LE(commands - answered, 100);
  }
  EXPECT_TRUE(sent.ends_with("DATA\r\n"));
}

TEST(ClientSession, sends_large_content_in_chunks_only_to_accepted_recipients) {
  std::uint64_t const octets = 200'000;
  Session session{plain_settings()};
  session.begin(to_many(1, octets));
  std::string sent;
  follow(session, "220 mx\r\n", sent);
  follow(session, "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n", sent);
  EXPECT_EQ(sent.find("BDAT"), std::string::npos) << "too large to be sent on a guess";
  Step step = follow(session, "250 ok\r\n250 ok\r\n", sent);
  sent.clear();
  std::uint64_t given = 0;
  while (auto* need = std::get_if<NeedBody>(&step)) {
    EXPECT_EQ(need->offset, given);
    given += need->octets_max;
    session.on_body(std::string(need->octets_max, 'x'));
    step = follow(session, "", sent);
  }
  EXPECT_EQ(given, octets);
  EXPECT_EQ(sent.size(), octets + std::string_view{"BDAT 65536\r\n"}.size() * 3 +
                             std::string_view{"BDAT 3392 LAST\r\n"}.size());
  step = follow(session, "250 1\r\n250 2\r\n250 3\r\n250 2.0.0 all\r\n", sent);
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  EXPECT_TRUE(std::get<Done>(step).transcript.recipients[0].delivered());
}

void expect_a_refused_chunk_to_be_the_last(std::string const& refusal, std::uint16_t code) {
  Session session{plain_settings()};
  session.begin(to_many(1, 10'000'000));
  std::string sent;
  follow(session, "220 mx\r\n", sent);
  follow(session, "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n", sent);
  Step step = follow(session, "250 ok\r\n250 ok\r\n", sent);
  std::size_t chunks = 0;
  for (; std::holds_alternative<NeedBody>(step); ++chunks) {
    session.on_body(std::string(std::get<NeedBody>(step).octets_max, 'x'));
    step = follow(session, "", sent);
  }
  EXPECT_EQ(chunks, 4) << "a slow peer holds few chunks";
  step = follow(session, refusal + "\r\n503 no\r\n503 no\r\n503 no\r\n", sent);
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  RecipientResult const& result = std::get<Done>(step).transcript.recipients[0];
  ASSERT_TRUE(result.reply);
  EXPECT_EQ(result.reply->code, code);
  EXPECT_EQ(result.phase, Phase::body);
  EXPECT_FALSE(std::get<Done>(step).transcript.end_of_data_sent);
  EXPECT_TRUE(session.usable());
}

TEST(ClientSession, stops_sending_chunks_when_one_is_refused) {
  expect_a_refused_chunk_to_be_the_last("552 5.3.4 no", 552);
  expect_a_refused_chunk_to_be_the_last("400 no", 400);
}

TEST(ClientSession, goes_on_with_a_chunk_for_each_that_was_taken) {
  Session session{plain_settings()};
  session.begin(to_many(1, 10 * 65'536));
  std::string sent;
  follow(session, "220 mx\r\n", sent);
  follow(session, "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n", sent);
  Step step = follow(session, "250 ok\r\n250 ok\r\n", sent);
  std::size_t chunks = 0;
  for (std::size_t replies = 0; replies < 10; ++replies) {
    for (; std::holds_alternative<NeedBody>(step); ++chunks) {
      session.on_body(std::string(std::get<NeedBody>(step).octets_max, 'x'));
      step = follow(session, "", sent);
    }
    ASSERT_EQ(chunks, std::min<std::size_t>(10, 4 + replies));
    step = follow(session, "250 ok\r\n", sent);
  }
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  EXPECT_TRUE(std::get<Done>(step).transcript.recipients[0].delivered());
}

TEST(ClientSession, never_ends_data_when_our_store_cannot_give_the_content) {
  Session session{plain_settings()};
  session.begin(to_many(1, 100'000));
  std::string sent;
  follow(session, "220 mx\r\n", sent);
  follow(session, "250-mx\r\n250 PIPELINING\r\n", sent);
  Step step = follow(session, "250 ok\r\n250 ok\r\n354 go\r\n", sent);
  ASSERT_TRUE(std::holds_alternative<NeedBody>(step));
  session.on_body("Subject: half\r\n");
  step = follow(session, "", sent);
  ASSERT_TRUE(std::holds_alternative<NeedBody>(step));
  session.on_body_failed();
  step = follow(session, "", sent);
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  EXPECT_EQ(std::get<Done>(step).transcript.fault, Fault::body_failed);
  EXPECT_TRUE(std::holds_alternative<Closed>(follow(session, "", sent)));
  EXPECT_TRUE(sent.ends_with("Subject: half\r\n"));
}

/// A session behind EHLO, with a transaction for two recipients under way.
Session begun(std::string_view extensions, std::string& sent) {
  Session session{plain_settings()};
  session.begin(to_many(2, 20));
  follow(session, "220 mx\r\n", sent);
  follow(session, extensions, sent);
  return session;
}

/// What the recipients hear when the `step`th reply of a transaction is a 400.
std::vector<std::string> refused_with_400(std::string_view extensions, std::size_t step) {
  std::string sent;
  Session session = begun(extensions, sent);
  Step last = follow(session, "", sent);
  for (std::size_t i = 0; i < 5 && !std::holds_alternative<Done>(last); ++i) {
    if (auto const* need = std::get_if<NeedBody>(&last)) {
      session.on_body(std::string(need->octets_max, 'x'));
      last = follow(session, "", sent);
      if (!std::holds_alternative<ReadMore>(last)) continue;
    }
    bool const wants_content = sent.ends_with("DATA\r\n");
    last = follow(session,
                  i == step       ? "400 no\r\n"
                  : wants_content ? "354 go\r\n"
                                  : "250 ok\r\n",
                  sent);
  }
  std::vector<std::string> out;
  if (!std::holds_alternative<Done>(last)) return {"not done"};
  Transcript const& transcript = std::get<Done>(last).transcript;
  if (transcript.fault != Fault::none) return {std::string{name_of(transcript.fault)}};
  for (RecipientResult const& result : transcript.recipients)
    out.push_back(result.reply ? result.reply->display() : "undecided");
  return out;
}

TEST(ClientSession, takes_any_4yz_for_a_refusal_from_400_on) {  // RFC 5321 §4.2.1
  std::string_view const plain = "250 mx\r\n", chunks = "250-mx\r\n250 CHUNKING\r\n";
  using Heard = std::vector<std::string>;
  EXPECT_EQ(refused_with_400(plain, 0), (Heard{"400 no", "400 no"})) << "MAIL";
  EXPECT_EQ(refused_with_400(plain, 1), (Heard{"400 no", "250 ok"})) << "RCPT";
  EXPECT_EQ(refused_with_400(plain, 3), (Heard{"400 no", "400 no"})) << "DATA";
  EXPECT_EQ(refused_with_400(plain, 4), (Heard{"400 no", "400 no"})) << "end of data";
  EXPECT_EQ(refused_with_400(chunks, 3), (Heard{"400 no", "400 no"})) << "last chunk";
}

TEST(ClientSession, takes_a_400_before_the_message_for_a_refusal_too) {
  auto const end_of = [](std::initializer_list<std::string_view> replies) {
    Settings settings = plain_settings();
    settings.tls = TlsUse::opportunistic;
    Session session{settings};
    session.begin(to_many(1, 2));
    std::string sent;
    Step step = ReadMore{};
    for (std::string_view const reply : replies) step = follow(session, reply, sent);
    if (auto const* done = std::get_if<Done>(&step))
      return std::string{name_of(done->transcript.fault)};
    return sent.substr(sent.rfind('\n', sent.size() - 2) + 1);
  };
  EXPECT_EQ(end_of({"400 no\r\n"}), "refused");
  EXPECT_EQ(end_of({"220 mx\r\n", "400 no\r\n"}), "refused");
  EXPECT_EQ(end_of({"220 mx\r\n", "500 what\r\n", "400 no\r\n"}), "refused") << "HELO";
  EXPECT_EQ(end_of({"220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n", "400 no\r\n"}),
            "MAIL FROM:<a@one.example>\r\n")
      << "TLS was not a must";
}

TEST(ClientSession, says_nothing_while_there_is_nothing_to_send) {
  Session session{plain_settings()};
  std::string sent;
  follow(session, "220 mx\r\n", sent);
  Step const step = follow(session, "250 mx\r\n", sent);
  EXPECT_TRUE(std::holds_alternative<Idle>(step));
  EXPECT_EQ(sent, "EHLO client.example\r\n");
  session.begin(to_many(1, 2));
  follow(session, "", sent);
  EXPECT_TRUE(sent.ends_with("MAIL FROM:<a@one.example>\r\n"));
}

TEST(ClientSession, takes_a_421_to_rset_for_the_end_of_a_kept_connection) {  // RFC 5321 §3.8
  std::string sent;
  Session session = begun("250 mx\r\n", sent);
  Step step = follow(session, "550 no\r\n", sent);
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  session.begin(to_many(1, 2));
  follow(session, "", sent);
  ASSERT_TRUE(sent.ends_with("RSET\r\n"));
  step = follow(session, "421 4.7.0 enough\r\n", sent);
  ASSERT_TRUE(std::holds_alternative<Done>(step));
  EXPECT_EQ(std::get<Done>(step).transcript.fault, Fault::service_closing);
  EXPECT_EQ(std::get<Done>(step).transcript.phase, Phase::rset);
}

TEST(ClientSession, shows_no_password_and_no_content_in_its_dialogue) {
  Settings settings = plain_settings();
  settings.tls = TlsUse::implicit;
  settings.credentials = {.user = "user", .password = "secret", .access_token = {}};
  Session session{settings};
  session.begin(to_many(1, 20));
  std::string sent;
  ASSERT_TRUE(std::holds_alternative<StartTls>(follow(session, "", sent)));
  TlsAnswer answer;
  answer.established = answer.trusted = true;
  session.on_tls(answer);
  follow(session, "220 mx\r\n", sent);
  follow(session, "250-mx\r\n250 AUTH PLAIN\r\n", sent);
  follow(session, "235 in\r\n", sent);
  follow(session, "250 ok\r\n", sent);
  follow(session, "250 ok\r\n", sent);
  follow(session, "354 go\r\n", sent);
  session.on_body("Subject: content\r\n\r\n");
  follow(session, "", sent);
  EXPECT_NE(sent.find("AHVzZXIAc2VjcmV0"), std::string::npos);
  bool auth_seen = false;
  for (DialogueLine const& line : session.take_dialogue()) {
    auth_seen = auth_seen || line.text == "AUTH PLAIN ...";
    EXPECT_EQ(line.text.find("AHVzZXIAc2VjcmV0"), std::string::npos);
    EXPECT_EQ(line.text.find("content"), std::string::npos);
  }
  EXPECT_TRUE(auth_seen);
}
}  // namespace
}  // namespace pb::smtp::client
