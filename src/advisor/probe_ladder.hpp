// probe_ladder.hpp: the ladder of one connection as a machine without sockets or clock.
// Spec: docs/reference/command-line.md; RFC 5321 §4.2, §4.3; RFC 3207 §4; limits below.
// Not here: connecting, TLS, time (runtime/prober).
#pragma once

#include <string>
#include <string_view>

#include "advisor/probe_facts.hpp"

namespace pb::advisor {
struct LaneOptions {
  bool tls_first = false;
  bool greeting_only = false;  // controls: connect and greeting
  bool injection_check = false;
  bool keep_transcript = false;
  std::string ehlo_name;       // a host name or an address literal
  std::string user, password;  // both empty: no login
  Millis listen{1500};         // silence before a second connection tries TLS
  Millis greeting_wait{10000};
  Millis reply_wait{6000};
  Millis handshake_wait{6000};
};

/// What the connection must do next, and until when (milliseconds since the lane began).
struct LaneAction {
  enum class Kind : std::uint8_t { read, send, start_tls, open_tls_lane, finish } kind = Kind::read;
  std::string bytes;  // of send
  Millis until{0};    // then on_timer() is called
};

class Lane {
 public:
  explicit Lane(LaneOptions options) : options_{std::move(options)} {}
  /// After the TCP connection stands. Elapsed times are since then and never go back.
  LaneAction on_connected(Millis elapsed);
  LaneAction on_bytes(std::string_view bytes, Millis elapsed);
  LaneAction on_closed(bool reset, Millis elapsed);
  LaneAction on_tls(TlsFacts facts, Millis elapsed);
  LaneAction on_timer(Millis elapsed);
  /// What was seen so far; complete after Kind::finish.
  [[nodiscard]] AttemptFacts& facts() { return facts_; }

 private:
  enum class State : std::uint8_t {
    tls_first,
    greeting,
    ehlo,
    starttls,
    handshake,
    ehlo_tls,
    injected_wait,
    login,
    quit,
    done
  };
  LaneAction enter(State state, std::string command, Millis elapsed);
  LaneAction wait() const { return {.kind = LaneAction::Kind::read, .bytes = {}, .until = until_}; }
  LaneAction finish();
  LaneAction on_reply(Millis elapsed);
  LaneAction on_greeting(Millis elapsed);
  LaneAction on_ehlo(EhloFacts& ehlo, Millis elapsed);
  LaneAction on_starttls(Millis elapsed);
  LaneAction after_tls_ehlo(Millis elapsed);
  LaneAction give_up(EhloFacts::End end, Millis elapsed);
  LaneAction begin_login(Millis elapsed);
  bool take_line();
  void note(std::string_view direction, std::string_view bytes);

  LaneOptions options_;
  AttemptFacts facts_;
  State state_ = State::done;
  Millis until_{0};
  bool second_lane_asked_ = false;
  std::string buffer_;              // received, not yet a line
  std::vector<std::string> lines_;  // of the reply being read
  std::size_t octets_ = 0;          // of that reply
  int code_ = 0;
};

/// Joins what the plain connection saw with what the TLS-first one saw.
AttemptFacts merge(AttemptFacts plain, AttemptFacts tls);
}  // namespace pb::advisor
