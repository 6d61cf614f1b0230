// message_state_test.cpp: the state table, and records that read back or are refused.
// Spec: message_state.hpp, message_record.hpp.
#include "queue/message_state.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "queue/message_record.hpp"

namespace pb::queue {
namespace {
MessageRecord example() {
  MessageRecord record;
  QueuedMessage& m = record.message;
  m.id = QueueId{0x0123456789abcdef};
  m.accepted_at = Instant{Duration{1'700'000'000'123}};
  m.expires_at = m.accepted_at + std::chrono::days{5};
  m.envelope.reverse_path.mailbox = mail::Mailbox{"a", {"sender.example"}};
  m.envelope.forward_paths = {
      {mail::Mailbox{"b c", {"example.org"}}, {.specified = true, .success = true}, "rfc822;b"},
      {mail::Mailbox{"d", {"[192.0.2.1]"}}, {}, ""}};
  m.envelope.envelope_id = "id+20";
  m.envelope.auth_identity = "";
  m.envelope.hold_until = m.accepted_at + std::chrono::hours{1};
  m.envelope.priority = -4;
  m.envelope.smtputf8 = true;
  m.account = "a@sender.example";
  m.body_octets = 1'000'000;
  m.body_in_file = true;
  m.trace = "Received: from x\r\n";
  record.inline_octets = 312;
  record.phases = {Phase::due, Phase::delivered};
  record.captured = true;
  m.junk = true;
  return record;
}

TEST(MessageState, terminal_states_lead_nowhere) {
  for (Phase const from : {Phase::delivered, Phase::bounced, Phase::expired}) {
    EXPECT_TRUE(is_terminal(from));
    for (int to = 1; to <= 7; ++to) EXPECT_FALSE(is_legal(from, static_cast<Phase>(to)));
  }
  EXPECT_FALSE(is_legal(Phase::held, Phase::leased)) << "a held recipient is never attempted";
  EXPECT_TRUE(is_legal(Phase::leased, Phase::due));
}

TEST(MessageState, every_reason_has_one_name) {
  for (ReasonName const& row : reason_names) {
    EXPECT_EQ(std::ranges::count(reason_names, row.name, &ReasonName::name), 1) << row.name;
    EXPECT_EQ(std::ranges::count(reason_names, row.reason, &ReasonName::reason), 1) << row.name;
  }
}

TEST(MessageRecord, reads_back) {
  MessageRecord const record = example();
  std::string const bytes = encode(record);
  auto const back = decode_message(record.message.id, bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->message.accepted_at, record.message.accepted_at);
  EXPECT_EQ(back->message.expires_at, record.message.expires_at);
  EXPECT_EQ(back->message.account, record.message.account);
  EXPECT_EQ(back->message.body_octets, record.message.body_octets);
  EXPECT_EQ(back->message.trace, record.message.trace);
  EXPECT_TRUE(back->message.body_in_file);
  EXPECT_FALSE(back->message.eight_bit);
  EXPECT_EQ(back->phases, record.phases);
  EXPECT_TRUE(back->captured);
  EXPECT_TRUE(back->message.junk);
  EXPECT_FALSE(back->message.spf_failed);
  EXPECT_EQ(encode(*back), bytes);
}

TEST(MessageRecord, who_is_forwarded_under_which_address_reads_back) {
  MessageRecord record = example();
  record.message.forwarded = {{0, {"SRS0=AAAAAAAA=AB=from.example=s", {"us.example"}}}};
  auto const back = decode_message(record.message.id, encode(record));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->message.forwarded, record.message.forwarded);
  EXPECT_TRUE(back->message.reverse_path_for(0).text().starts_with("SRS0="));
  EXPECT_EQ(back->message.reverse_path_for(1), record.message.envelope.reverse_path);
}

TEST(MessageRecord, every_cut_and_every_longer_one_is_refused) {
  MessageRecord const record = example();
  std::string const bytes = encode(record);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(decode_message(record.message.id, bytes.substr(0, cut))) << cut;
  }
  EXPECT_FALSE(decode_message(record.message.id, bytes + "x"));
  std::string newer = bytes;
  newer[0] = static_cast<char>(record_format + 1);
  EXPECT_FALSE(decode_message(record.message.id, newer));
}

TEST(MessageRecord, states_and_notes_read_back) {
  RecipientState state{.phase = Phase::deferred,
                       .attempts = 300,
                       .retry_at = Instant{Duration{1'700'000'300'000}},
                       .reason = Reason::remote_deferred,
                       .reply = {451, {4, 7, 1}, "try later", "mx.example [192.0.2.1]:25"},
                       .warned = true};
  EXPECT_EQ(decode_state(encode(state)), state);
  state.reply = {};
  state.phase = Phase::bounced;
  state.report_due = true;
  EXPECT_EQ(decode_state(encode(state)), state);
  EXPECT_FALSE(decode_state(""));
  MessageNote const note{.crashes = 2, .via = "relay://10.0.0.5:25"};
  EXPECT_EQ(decode_note(encode(note)), note);
}

TEST(MessageRecord, a_plain_deferral_is_small) {
  RecipientState const state{.phase = Phase::deferred,
                             .attempts = 3,
                             .retry_at = Instant{Duration{1'700'000'300'000}},
                             .reason = Reason::connect_timeout,
                             .reply = {}};
  EXPECT_LE(encode(state).size(), 16U);
}

TEST(MessageRecord, keys_of_one_message_stand_together_and_sort_by_age) {
  QueueId const id{7};
  QueueId const later{8};
  EXPECT_LT(envelope_key(id), note_key(id));
  EXPECT_LT(note_key(id), state_key(id, 0));
  EXPECT_LT(state_key(id, 255), state_key(id, 256));
  EXPECT_LT(state_key(id, 999), envelope_key(later));
  auto const parsed = parse_key(state_key(id, 256));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, id);
  EXPECT_EQ(parsed->kind, KeyKind::state);
  EXPECT_EQ(parsed->recipient, 256U);
  EXPECT_FALSE(parse_key("short"));
  EXPECT_FALSE(parse_key(envelope_key(id) + "x"));
}
}  // namespace
}  // namespace pb::queue
