// probe_ladder.cpp: greeting, EHLO, STARTTLS, EHLO again, login; every wait and size is bounded.
// Spec: probe_ladder.hpp. A reply ends at a line whose fourth octet is no hyphen (RFC 5321 §4.2.1).
// Tests: tests/fault_lab
#include "advisor/probe_ladder.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/encoding.hpp"

namespace pb::advisor {
namespace {
constexpr std::size_t line_octets_max = 4096;
constexpr std::size_t reply_octets_max = 32 * 1024;
constexpr std::size_t reply_lines_max = 128;
constexpr std::size_t transcript_octets_max = 256 * 1024;
constexpr Millis quit_wait{300};
constexpr Millis injected_wait{700};

bool is_reply_line(std::string_view line) {
  return line.size() >= 3 && ascii::is_digit(line[0]) && ascii::is_digit(line[1]) &&
         ascii::is_digit(line[2]) && (line.size() == 3 || line[3] == ' ' || line[3] == '-');
}

/// A middlebox overwrites keywords with X and keeps one letter ("XXXXXXXA", "XXXA").
bool is_masked(std::string_view keyword) {
  if (keyword.size() < 4) return false;
  auto const marks = std::ranges::count(keyword, 'X');
  return marks + 1 >= static_cast<std::ptrdiff_t>(keyword.size()) && marks >= 3;
}

bool is_masked_banner(std::string_view greeting) {
  return greeting.size() > 8 &&
         std::ranges::count(greeting, '*') * 2 > static_cast<std::ptrdiff_t>(greeting.size());
}

Opening other_speech(std::string_view bytes) {
  if (bytes.starts_with("HTTP/") || bytes.starts_with("<!DOCTYPE") || bytes.starts_with("<html")) {
    return Opening::http;
  }
  for (std::string_view start : {"SSH-", "* OK", "* PREAUTH", "+OK", "@RSYNCD", "RFB "}) {
    if (bytes.starts_with(start)) return Opening::other_service;
  }
  return Opening::garbage;
}

void read_keywords(std::vector<std::string> const& lines, EhloFacts& ehlo) {
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].size() < 5) continue;
    std::string const line = ascii::to_upper(ascii::trim(std::string_view{lines[i]}.substr(4)));
    auto const words = ascii::split(line, ' ');
    // "AUTH=LOGIN" is the form of old servers.
    bool const auth = words[0] == "AUTH" || words[0].starts_with("AUTH=");
    if (words[0] == "STARTTLS") ehlo.starttls = true;
    ehlo.masked = ehlo.masked || is_masked(words[0]);
    if (auth) {
      std::string mechanisms{line.substr(4)};
      std::ranges::replace(mechanisms, '=', ' ');
      for (auto word : ascii::split(mechanisms, ' ')) {
        bool const known = std::ranges::find(ehlo.auth, word) != ehlo.auth.end();
        if (!word.empty() && !known) ehlo.auth.emplace_back(word);
      }
    }
    ehlo.keywords.push_back(line);
  }
}
}  // namespace

void Lane::note(std::string_view direction, std::string_view bytes) {
  if (!options_.keep_transcript || facts_.transcript.size() > transcript_octets_max) return;
  facts_.transcript += std::string{direction} + escape_for_display(bytes, 2048) + "\n";
}

LaneAction Lane::finish() {
  state_ = State::done;
  return {.kind = LaneAction::Kind::finish, .bytes = {}, .until = {}};
}

LaneAction Lane::enter(State state, std::string command, Millis elapsed) {
  state_ = state;
  lines_.clear();
  octets_ = 0;
  code_ = 0;
  until_ = elapsed + (state == State::quit ? quit_wait : options_.reply_wait);
  bool const secret = state == State::login;
  note("> ", secret ? "AUTH ..." : command);
  return {.kind = LaneAction::Kind::send, .bytes = std::move(command), .until = until_};
}

LaneAction Lane::on_connected(Millis elapsed) {
  if (options_.tls_first) {
    state_ = State::tls_first;
    return {.kind = LaneAction::Kind::start_tls,
            .bytes = {},
            .until = elapsed + options_.handshake_wait};
  }
  state_ = State::greeting;
  until_ = elapsed + options_.listen;
  return wait();
}

LaneAction Lane::on_tls(TlsFacts facts, Millis elapsed) {
  bool const ok = facts.handshake == Handshake::ok;
  facts_.tls = std::move(facts);
  note("- ", ok ? "TLS established" : "TLS failed");
  if (!ok) return finish();
  buffer_.clear();  // what came before TLS is forgotten (RFC 3207 §4.2)
  if (state_ == State::tls_first) {
    facts_.implicit_tls = true;
    state_ = State::greeting;
    second_lane_asked_ = true;  // there is nothing else to try
    until_ = elapsed + options_.greeting_wait;
    return wait();
  }
  facts_.after.asked = true;
  return enter(State::ehlo_tls, "EHLO " + options_.ehlo_name + "\r\n", elapsed);
}

bool Lane::take_line() {
  auto const end = buffer_.find('\n');
  if (end == std::string::npos) return false;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  note("< ", line);
  lines_.push_back(std::move(line));
  return true;
}

LaneAction Lane::on_bytes(std::string_view bytes, Millis elapsed) {
  if (state_ == State::done || state_ == State::quit) return finish();
  octets_ += bytes.size();
  buffer_ += bytes;
  while (take_line()) {
    std::string const& line = lines_.back();
    if (!is_reply_line(line)) {
      if (state_ != State::greeting) return give_up(EhloFacts::End::replied, elapsed);
      facts_.opening = other_speech(lines_.front());
      facts_.greeting = lines_.front().substr(0, 512);
      return finish();
    }
    if (line.size() > 3 && line[3] == '-' && lines_.size() < reply_lines_max &&
        octets_ < reply_octets_max) {
      continue;
    }
    code_ = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    return on_reply(elapsed);
  }
  if (buffer_.size() > line_octets_max || octets_ > reply_octets_max) {
    return give_up(EhloFacts::End::replied, elapsed);
  }
  bool const not_smtp = state_ == State::greeting && buffer_.size() >= 4 && lines_.empty() &&
                        !is_reply_line(std::string_view{buffer_}.substr(0, 4));
  if (not_smtp) {
    facts_.opening = other_speech(buffer_);
    facts_.greeting = buffer_.substr(0, 512);
    return finish();
  }
  return wait();
}

LaneAction Lane::on_reply(Millis elapsed) {
  switch (state_) {
    case State::greeting:
      return on_greeting(elapsed);
    case State::ehlo:
      return on_ehlo(facts_.before, elapsed);
    case State::starttls:
      return on_starttls(elapsed);
    case State::ehlo_tls:
      return on_ehlo(facts_.after, elapsed);
    case State::injected_wait:
      facts_.injected = true;  // a second reply to one EHLO: the plain command was kept
      if (lines_.size() > 1) read_keywords(lines_, facts_.after);
      return after_tls_ehlo(elapsed);
    case State::login:
      facts_.login_reply = lines_.back().substr(0, 512);
      facts_.login = code_ == 235 ? Login::accepted : Login::refused;
      return enter(State::quit, "QUIT\r\n", elapsed);
    case State::tls_first:
    case State::handshake:
    case State::quit:
    case State::done:
      return finish();
  }
  return finish();
}

LaneAction Lane::on_greeting(Millis elapsed) {
  facts_.opening = Opening::smtp;
  facts_.greeting_code = code_;
  facts_.greeting_after = elapsed;
  for (auto const& line : lines_) facts_.greeting += (facts_.greeting.empty() ? "" : "\n") + line;
  facts_.greeting.resize(std::min<std::size_t>(facts_.greeting.size(), 2048));
  if (code_ != 220 || options_.greeting_only) return enter(State::quit, "QUIT\r\n", elapsed);
  EhloFacts& ehlo = facts_.implicit_tls ? facts_.after : facts_.before;
  ehlo.asked = true;
  ehlo.masked = is_masked_banner(facts_.greeting);
  return enter(facts_.implicit_tls ? State::ehlo_tls : State::ehlo,
               "EHLO " + options_.ehlo_name + "\r\n", elapsed);
}

LaneAction Lane::on_ehlo(EhloFacts& ehlo, Millis elapsed) {
  if (lines_.size() >= reply_lines_max || octets_ >= reply_octets_max) {
    ehlo.endless = true;
    return finish();
  }
  ehlo.code = code_;
  if (code_ == 250) read_keywords(lines_, ehlo);
  if (state_ == State::ehlo_tls) {
    if (!options_.injection_check || facts_.implicit_tls) return after_tls_ehlo(elapsed);
    state_ = State::injected_wait;
    lines_.clear();
    until_ = elapsed + injected_wait;
    return on_bytes({}, elapsed);  // it may have come with the first
  }
  if (code_ != 250 || !ehlo.starttls) return enter(State::quit, "QUIT\r\n", elapsed);
  // With the check, a command rides along in the clear: a server that answers it inside TLS mixes
  // the two (CVE-2011-0411).
  return enter(State::starttls, options_.injection_check ? "STARTTLS\r\nRSET\r\n" : "STARTTLS\r\n",
               elapsed);
}

LaneAction Lane::on_starttls(Millis elapsed) {
  facts_.starttls_code = code_;
  if (code_ != 220) {
    facts_.starttls = StartTls::refused;
    return enter(State::quit, "QUIT\r\n", elapsed);
  }
  facts_.starttls = StartTls::ready;
  // Bytes behind the 220 came in the clear; nobody honest sends any.
  facts_.injected = facts_.injected || (!buffer_.empty() && is_reply_line(buffer_.substr(0, 4)));
  state_ = State::handshake;
  until_ = elapsed + options_.handshake_wait;
  return {.kind = LaneAction::Kind::start_tls, .bytes = {}, .until = until_};
}

LaneAction Lane::after_tls_ehlo(Millis elapsed) {
  if (!options_.user.empty()) return begin_login(elapsed);
  return enter(State::quit, "QUIT\r\n", elapsed);
}

LaneAction Lane::begin_login(Millis elapsed) {
  // The password goes out only within TLS with a certificate that holds
  // (docs/reference/command-line.md).
  bool const plain = std::ranges::find(facts_.after.auth, "PLAIN") != facts_.after.auth.end();
  if (!plain || !facts_.tls.verified()) {
    facts_.login = plain ? Login::not_tried : Login::no_mechanism;
    return enter(State::quit, "QUIT\r\n", elapsed);
  }
  std::string token;
  token += '\0';
  token += options_.user;
  token += '\0';
  token += options_.password;
  return enter(State::login, "AUTH PLAIN " + base64_encode(token) + "\r\n", elapsed);
}

LaneAction Lane::give_up(EhloFacts::End end, Millis elapsed) {
  bool const endless = octets_ > reply_octets_max || lines_.size() >= reply_lines_max ||
                       buffer_.size() > line_octets_max;
  switch (state_) {
    case State::ehlo:
      facts_.before.end = end;
      facts_.before.endless = endless;
      break;
    case State::ehlo_tls:
      facts_.after.end = end;
      facts_.after.endless = endless;
      break;
    case State::starttls:
      facts_.starttls = end == EhloFacts::End::silence ? StartTls::silence : StartTls::closed;
      break;
    case State::injected_wait:
      return after_tls_ehlo(elapsed);
    case State::login:
      facts_.login = Login::closed;
      break;
    case State::greeting:
      facts_.opening = Opening::garbage;
      break;
    case State::tls_first:
    case State::handshake:
    case State::quit:
    case State::done:
      break;
  }
  return finish();
}

LaneAction Lane::on_closed(bool reset, Millis elapsed) {
  note("- ", reset ? "reset by the peer" : "closed by the peer");
  if (state_ == State::greeting) {
    if (!buffer_.empty() || !lines_.empty()) {
      facts_.opening = other_speech(lines_.empty() ? buffer_ : lines_.front());
    } else {
      facts_.opening = reset ? Opening::reset : Opening::closed;
    }
    return finish();
  }
  return give_up(reset ? EhloFacts::End::reset : EhloFacts::End::closed, elapsed);
}

LaneAction Lane::on_timer(Millis elapsed) {
  if (state_ == State::greeting && !second_lane_asked_) {
    second_lane_asked_ = true;
    until_ = std::max(options_.greeting_wait, elapsed);
    if (options_.greeting_only) {
      facts_.opening = Opening::silence;
      return finish();
    }
    if (!buffer_.empty() || !lines_.empty()) return wait();
    return {.kind = LaneAction::Kind::open_tls_lane, .bytes = {}, .until = until_};
  }
  if (state_ == State::greeting) {
    // A few bytes that trickle in are not a greeting.
    facts_.opening = Opening::silence;
    return finish();
  }
  return give_up(EhloFacts::End::silence, elapsed);
}

AttemptFacts merge(AttemptFacts plain, AttemptFacts tls) {
  bool const spoke = plain.opening == Opening::smtp;
  if (spoke) return plain;  // the greeting was only late
  plain.transcript += tls.transcript;
  if (tls.tls.handshake == Handshake::ok) {
    tls.endpoint = plain.endpoint;
    tls.connect = plain.connect;
    tls.transcript = std::move(plain.transcript);
    return tls;
  }
  if (!tls.tls.plain_answer.empty() && plain.opening == Opening::silence) {
    auto const speech = other_speech(tls.tls.plain_answer);
    if (speech != Opening::garbage) plain.opening = speech;
  }
  plain.tls = std::move(tls.tls);
  return plain;
}
}  // namespace pb::advisor
