// security_choice_test.cpp: the table of first moves, and what is remembered of an address.
// Spec: security_choice.hpp.                                      Not here: sockets.
#include "policy/security_choice.hpp"

#include <gtest/gtest.h>

namespace pb::policy {
namespace {
using namespace std::chrono_literals;
using smtp::server::Role;
using smtp::server::Security;

constexpr ListenerKind on_587{Role::submission, Security::automatic, true};
constexpr ListenerKind on_2525{Role::submission_alt, Security::automatic, true};
constexpr ListenerKind on_465{Role::submissions, Security::automatic, true};
constexpr ListenerKind on_25{Role::relay, Security::automatic, true};
constexpr ListenerKind strict_587{Role::submission, Security::strict, true};
constexpr ListenerKind strict_465{Role::submissions, Security::strict, true};
constexpr ListenerKind bare_587{Role::submission, Security::automatic, false};

Instant at(Duration since) { return Instant{std::chrono::hours{1000}} + since; }
IpAddress ip(char const* text) { return *IpAddress::parse(text); }

TEST(SecurityChoice, the_wait_before_the_greeting_follows_what_the_address_did_before) {
  struct Row {
    ListenerKind kind;
    ClientHabits habits;
    bool look;
    Duration wait;
  };
  Row const rows[] = {
      {on_587, {}, true, 50ms},
      {on_2525, {}, true, 50ms},
      {on_587, {.waited_for_greeting = true}, true, 0ms},
      {on_587, {.hello_in_time = true}, true, 50ms},
      {on_587, {.waited_for_greeting = true, .hello_in_time = true}, true, 50ms},
      {on_587, {.late_hello = 200ms}, true, 2s},
      {on_587, {.waited_for_greeting = true, .late_hello = 200ms}, true, 2s},
      {on_587, {.late_hello = 2900ms}, true, 3900ms},
      {on_587, {.late_hello = 60s}, true, 5s},
      {on_465, {}, true, 10s},
      {on_465, {.waited_for_greeting = true}, true, 10s},
      {strict_465, {}, true, 10s},
      {strict_587, {.late_hello = 200ms}, false, 0ms},
      {bare_587, {}, false, 0ms},
      {on_25, {.late_hello = 200ms}, false, 0ms},
  };
  for (Row const& row : rows) {
    Opening opening = opening_for(row.kind, row.habits);
    EXPECT_EQ(opening.look, row.look) << &row - rows;
    EXPECT_EQ(opening.wait, row.wait) << &row - rows;
  }
}

TEST(SecurityChoice, one_byte_on_465_is_never_answered_in_the_clear) {
  struct Row {
    ListenerKind kind;
    FirstBytes first;
    Move move;
  };
  Row const rows[] = {
      {on_465, FirstBytes::client_hello, Move::handshake},
      {on_465, FirstBytes::other, Move::handshake},
      {on_465, FirstBytes::none, Move::greet_anyway},
      {strict_465, FirstBytes::none, Move::refuse_clear},
      {strict_465, FirstBytes::other, Move::handshake},
      {on_587, FirstBytes::client_hello, Move::handshake},
      {on_587, FirstBytes::other, Move::greet},
      {on_587, FirstBytes::none, Move::greet},
      {strict_587, FirstBytes::client_hello, Move::greet},
      {bare_587, FirstBytes::client_hello, Move::greet},
      {on_25, FirstBytes::client_hello, Move::greet},
  };
  for (Row const& row : rows) EXPECT_EQ(move_for(row.kind, row.first), row.move) << &row - rows;
}

TEST(SecurityChoice, the_log_names_the_setting_that_fits_the_port) {
  EXPECT_EQ(advice_for(on_587, Move::handshake).should, "STARTTLS");
  EXPECT_EQ(advice_for(on_465, Move::greet_anyway).should, "SSL/TLS");
  EXPECT_TRUE(advice_for(on_465, Move::handshake).should.empty());
  EXPECT_TRUE(advice_for(on_587, Move::greet).should.empty());
}

TEST(SecurityMemory, a_habit_counts_for_a_day_and_for_the_whole_64) {
  SecurityMemory memory;
  memory.note_waited(ip("2001:db8::1"), at(0ms));
  EXPECT_TRUE(memory.recall(ip("2001:db8::ffff"), at(23h)).waited_for_greeting);
  EXPECT_FALSE(memory.recall(ip("2001:db8:0:1::1"), at(1s)).waited_for_greeting);
  EXPECT_FALSE(memory.recall(ip("2001:db8::1"), at(24h)).waited_for_greeting);
  EXPECT_EQ(memory.recall(ip("192.0.2.1"), at(0ms)), ClientHabits{});
}

TEST(SecurityMemory, the_latest_hello_of_a_day_sets_the_wait) {
  SecurityMemory memory;
  memory.note_late_hello(ip("192.0.2.1"), 2900ms, at(0ms));
  memory.note_late_hello(ip("192.0.2.1"), 200ms, at(1h));
  EXPECT_EQ(memory.recall(ip("192.0.2.1"), at(2h)).late_hello, 2900ms);
  memory.note_late_hello(ip("192.0.2.1"), 200ms, at(30h));
  EXPECT_EQ(memory.recall(ip("192.0.2.1"), at(31h)).late_hello, 200ms);
}

TEST(SecurityMemory, a_late_client_that_is_waited_for_stays_known_as_late) {
  SecurityMemory memory;
  memory.note_late_hello(ip("192.0.2.1"), 1s, at(0ms));
  memory.note_hello_in_time(ip("192.0.2.1"), 1s, at(20h));
  EXPECT_EQ(memory.recall(ip("192.0.2.1"), at(40h)).late_hello, 1s);
}

TEST(SecurityMemory, it_forgets_the_longest_unseen_network_when_it_is_full) {
  SecurityMemory memory{2};
  memory.note_waited(ip("192.0.2.1"), at(0ms));
  memory.note_waited(ip("192.0.2.2"), at(1ms));
  memory.note_hello_in_time(ip("192.0.2.1"), 0ms, at(2ms));
  memory.note_waited(ip("192.0.2.3"), at(3ms));
  EXPECT_EQ(memory.size(), 2U);
  EXPECT_EQ(memory.recall(ip("192.0.2.2"), at(4ms)), ClientHabits{});
  EXPECT_TRUE(memory.recall(ip("192.0.2.1"), at(4ms)).waited_for_greeting);
}
}  // namespace
}  // namespace pb::policy
