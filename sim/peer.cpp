// peer.cpp: see peer.hpp.                          Spec: RFC 5321 §4.1, §4.5.2; RFC 2033 §4.2.
#include "sim/peer.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/ascii.hpp"
#include "sim/world.hpp"

namespace pb::sim {
Peer::Peer(SimWorld& world, Host const& host, std::shared_ptr<Wire> wire)
    : world_{world}, host_{host}, wire_{std::move(wire)}, began_{world.time.now()} {
  choose_fault();
  starttls_offered_ = host.starttls && !host.implicit_tls;
  choose_tls_fault();
}

void Peer::choose_fault() {
  SimRandom& dice = world_.random;
  if (!world_.faulty()) return;
  if (dice.hits(world_.scenario.lost_replies)) {
    fault_ = PeerFault::lost_reply;
    fault_at_ = PeerPhase::end;
    return;
  }
  if (!dice.hits(world_.scenario.peer_faults)) return;
  fault_at_ = static_cast<PeerPhase>(dice.below(peer_phases));
  fault_ = static_cast<PeerFault>(1 + dice.below(6));
}

void Peer::choose_tls_fault() {
  SimRandom& dice = world_.random;
  handshake_.trusted = host_.needs == Needs::trust || dice.one_in(2);
  if (!world_.faulty() || !dice.hits(world_.scenario.tls_faults)) return;
  switch (dice.below(4)) {
    case 0:
      starttls_offered_ = false;
      break;
    case 1:
      starttls_refused_ = true;
      break;
    case 2:
      handshake_.works = false;
      break;
    default:
      handshake_.trusted = false;
  }
}

void Peer::start() {
  wire_->attach(Side::server, this);
  if (host_.implicit_tls) return wire_->handshake(Side::server, handshake_);
  // Who looks at how many are there hears first of those who leave.
  Duration const looks = host_.connections_max != 0 ? Duration{100} : Duration{0};
  world_.time.after(wire_->latency() + looks, [weak = weak_from_this()] {
    auto const self = weak.lock();
    if (self && !self->gone_) self->greet();
  });
}

void Peer::on_handshake(Handshake result) {
  auto const self = shared_from_this();
  input_.clear();
  if (!result.works) {
    gone_ = true;
    return wire_->close(Side::server);
  }
  encrypted_ = true;
  if (host_.implicit_tls) greet();
}

void Peer::on_gone() { gone_ = true; }

void Peer::say(std::string_view text) {
  out_ += text;
  out_ += "\r\n";
}

/// What was gathered goes out, unless the fault was silence.
void Peer::break_off() {
  if (!out_.empty() && !silent_ && !gone_) wire_->send(Side::server, std::exchange(out_, {}));
  out_.clear();
}

void Peer::say_goodbye(std::string_view text) {
  if (!text.empty()) say(text);
  break_off();
  gone_ = true;
  wire_->close(Side::server);
}

/// Too many are here already: 421.
void Peer::greet() {
  if (host_.connections_max != 0 && world_.guests_of(host_) >= host_.connections_max) {
    world_.time.note("host is full", wire_->number(), host_.connections_max, host_.name);
    return say_goodbye("421 4.7.0 too many connections");
  }
  let_in_ = true;
  if (!act_out(PeerPhase::greeting)) say("220 host ESMTP");
  break_off();
}

/// Some hosts take few messages a connection.
bool Peer::had_enough() {
  if (host_.messages_max == 0 || messages_ < host_.messages_max) return false;
  say_goodbye("421 4.7.0 too many messages");
  return true;
}

bool Peer::act_out(PeerPhase phase) {
  if (silent_ || gone_) return true;
  if (fault_ == PeerFault::none || fault_at_ != phase || fault_ == PeerFault::lost_reply)
    return false;
  world_.time.note("peer fault", wire_->number(), static_cast<std::uint64_t>(fault_), host_.name);
  switch (fault_) {
    case PeerFault::none:
    case PeerFault::lost_reply:
      return false;
    case PeerFault::temporary:
      say("451 4.3.0 not now");
      return true;
    case PeerFault::permanent:
      refuse_all(phase >= PeerPhase::mail && phase != PeerPhase::rcpt);
      say("554 5.7.1 never");
      return true;
    case PeerFault::closing:
      say_goodbye("421 4.3.2 going away");
      return true;
    case PeerFault::garbage:
      say("HTTP/1.1 400 Bad Request");
      return true;
    case PeerFault::silence:
      silent_ = true;
      return true;
    case PeerFault::reset:
      gone_ = true;
      wire_->reset();
      return true;
  }
  return false;
}

/// A bounce may follow from what is said now.
void Peer::refuse_all(bool whole_message) {
  if (!whole_message) return;
  auto const at = world_.ledger.on_wire.find(wire_->number());
  if (at == world_.ledger.on_wire.end()) return;
  if (Accepted* const message = world_.ledger.find(at->second))
    for (Addressee& one : message->addressees) one.refused = true;
}

void Peer::on_bytes(std::string_view bytes) {
  if (gone_ || silent_) return;
  auto const self = shared_from_this();  // a reset may make the world forget it meanwhile
  input_ += bytes;
  take_lines();
  break_off();
}

void Peer::take_lines() {
  while (!gone_ && !silent_) {
    if (in_data_) {
      if (!take_data()) return;
      continue;
    }
    if (in_chunk_) {
      if (!take_chunk()) return;
      continue;
    }
    auto const end = input_.find("\r\n");
    if (end == std::string::npos) return;
    std::string line = input_.substr(0, end);
    input_.erase(0, end + 2);
    take_line(std::move(line));
  }
}

/// The reference reader: CRLF.CRLF ends it, a first dot of a line goes (RFC 5321 §4.5.2).
bool Peer::take_data() {
  std::size_t end = input_.starts_with(".\r\n") ? 0 : input_.find("\r\n.\r\n");
  if (end == std::string::npos) return false;
  std::string content;
  std::size_t const text_end = end == 0 && input_.starts_with(".\r\n") ? 0 : end + 2;
  for (std::size_t at = 0; at < text_end;) {
    std::size_t const next = input_.find("\r\n", at) + 2;
    std::size_t const from = input_[at] == '.' ? at + 1 : at;
    content.append(input_, from, next - from);
    at = next;
  }
  input_.erase(0, text_end + 3);
  in_data_ = false;
  complete(std::move(content));
  return true;
}

bool Peer::take_chunk() {
  std::size_t const octets = std::min(chunk_left_, input_.size());
  chunks_.append(input_, 0, octets);
  input_.erase(0, octets);
  chunk_left_ -= octets;
  if (chunk_left_ != 0) return false;
  in_chunk_ = false;
  if (chunk_bad_) {
    say("503 5.5.1 no transaction");
  } else if (last_chunk_) {
    complete(std::exchange(chunks_, {}));
  } else if (!act_out(PeerPhase::body)) {
    say("250 2.0.0 chunk");
  }
  return true;
}

void Peer::take_line(std::string line) {
  std::string_view const view = line;
  auto const blank = view.find(' ');
  command(view.substr(0, blank), view);
}

void Peer::command(std::string_view verb, std::string_view line) {
  if (ascii::iequals(verb, "EHLO") || ascii::iequals(verb, "LHLO") ||
      ascii::iequals(verb, "HELO")) {
    hello(verb);
  } else if (ascii::iequals(verb, "STARTTLS")) {
    starttls();
  } else if (ascii::iequals(verb, "AUTH")) {
    auth();
  } else if (ascii::iequals(verb, "MAIL")) {
    mail(line);
  } else if (ascii::iequals(verb, "RCPT")) {
    rcpt(line);
  } else if (ascii::iequals(verb, "DATA")) {
    data();
  } else if (ascii::iequals(verb, "BDAT")) {
    bdat(line);
  } else if (ascii::iequals(verb, "RSET")) {
    reset_transaction();
    if (!had_enough()) say("250 2.0.0 reset");
  } else if (ascii::iequals(verb, "QUIT")) {
    say_goodbye("221 2.0.0 bye");
  } else {
    say("500 5.5.1 what?");
  }
}

void Peer::hello(std::string_view verb) {
  reset_transaction();
  if (act_out(PeerPhase::ehlo)) return;
  if (ascii::iequals(verb, "HELO")) return say("250 host");
  std::string text = "250-host\r\n";
  if (host_.pipelining) text += "250-PIPELINING\r\n";
  if (host_.chunking) text += "250-CHUNKING\r\n";
  if (host_.eight_bit) text += "250-8BITMIME\r\n";
  if (host_.dsn) text += "250-DSN\r\n";
  if (host_.recipients_max != 0 && host_.says_recipients_max)
    text += fmt::format("250-LIMITS RCPTMAX={}\r\n", host_.recipients_max);
  if (starttls_offered_ && !encrypted_) text += "250-STARTTLS\r\n";
  if (host_.wants_login) text += "250-AUTH PLAIN LOGIN\r\n";
  say(text + "250 ENHANCEDSTATUSCODES");
}

void Peer::starttls() {
  if (act_out(PeerPhase::starttls)) return;
  if (starttls_refused_ || encrypted_ || !starttls_offered_)
    return say("454 4.7.0 TLS not available");
  say("220 2.0.0 go");
  break_off();
  wire_->handshake(Side::server, handshake_);
}

void Peer::auth() {
  for (auto& checker : world_.checkers)
    checker->on_secret(host_, encrypted_, encrypted_ && wire_->trusted());
  if (act_out(PeerPhase::auth)) return;
  logged_in_ = true;
  say("235 2.7.0 come in");
}

void Peer::mail(std::string_view) {
  if (had_enough()) return;
  if (act_out(PeerPhase::mail)) return;
  if (host_.wants_login && !logged_in_) return say("530 5.7.0 log in first");
  if (in_mail_) return say("503 5.5.1 nested MAIL");
  in_mail_ = true;
  say("250 2.1.0 ok");
}

void Peer::rcpt(std::string_view line) {
  if (!in_mail_) return say("503 5.5.1 MAIL first");
  auto const from = line.find('<'), to = line.find('>');
  if (from == std::string_view::npos || to == std::string_view::npos)
    return say("501 5.5.4 no path");
  std::string address{line.substr(from + 1, to - from - 1)};
  bool const ends_here = fault_at_ == PeerPhase::rcpt && fault_ != PeerFault::none;
  bool const dead_end = address.starts_with("gone");
  if ((ends_here && fault_ == PeerFault::permanent) || dead_end) {
    auto const at = world_.ledger.on_wire.find(wire_->number());
    Accepted* const message =
        at == world_.ledger.on_wire.end() ? nullptr : world_.ledger.find(at->second);
    if (message != nullptr)
      if (Addressee* const one = message->find(address)) one->refused = true;
  }
  if (act_out(PeerPhase::rcpt)) return;
  if (dead_end) return say("550 5.1.1 no such user");
  if (address.starts_with("busy") && world_.faulty()) return say("450 4.2.1 mailbox busy");
  if (host_.recipients_max != 0 && recipients_.size() >= host_.recipients_max)
    return say(host_.number % 2 == 0 ? "452 4.5.3 too many recipients"
                                     : "552 too many recipients");  // as older servers say it
  recipients_.push_back(std::move(address));
  say("250 2.1.5 ok");
}

void Peer::data() {
  if (recipients_.empty()) return say("554 5.5.1 nobody to send to");
  if (act_out(PeerPhase::data)) return;
  in_data_ = true;
  say("354 go on");
}

void Peer::bdat(std::string_view line) {
  std::string_view digits = line.substr(std::min<std::size_t>(5, line.size()));
  std::size_t octets = 0;
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), octets);
  if (error != std::errc{}) return say("501 5.5.4 how much?");
  chunk_left_ = octets;
  chunk_bad_ = recipients_.empty();
  last_chunk_ = std::string_view{end, digits.data() + digits.size()} == " LAST";
  in_chunk_ = true;
}

void Peer::complete(std::string content) {
  bool const lost = fault_ == PeerFault::lost_reply;
  if (!lost && act_out(PeerPhase::end)) {
    // In LMTP each recipient has a reply of its own; what was said is the first.
    if (host_.lmtp && (fault_ == PeerFault::temporary || fault_ == PeerFault::permanent))
      for (std::size_t i = 1; i < recipients_.size(); ++i)
        say(fault_ == PeerFault::temporary ? "451 4.3.0 not now" : "554 5.7.1 never");
    return reset_transaction();
  }
  deliver(content);
  std::size_t const replies = host_.lmtp ? recipients_.size() : 1;
  for (std::size_t i = 0; i < replies; ++i) say("250 2.0.0 taken");
  reset_transaction();
  ++messages_;
  if (!lost) {
    if (host_.hangs_up && messages_ == host_.messages_max) say_goodbye({});
    return;
  }
  out_.clear();
  world_.time.note("reply lost", wire_->number(), 0, host_.name);
  gone_ = true;
  wire_->reset();
}

void Peer::deliver(std::string const& content) {
  world_.delivered({host_, wire_->number(), encrypted_, encrypted_ && wire_->trusted()},
                   recipients_, content);
}

void Peer::reset_transaction() {
  recipients_.clear();
  chunks_.clear();
  in_mail_ = false;
}
}  // namespace pb::sim
