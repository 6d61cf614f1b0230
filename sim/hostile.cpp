// hostile.cpp: those who say what they should not: smugglers, relayers, the endless, the silent.
// Spec: RFC 5321 §4.1.1.4 (only CRLF.CRLF), §7.9; CVE-2011-0411; CVE-2023-51764 and its like.
// Not here: what they get for it (checkers/strangers, checkers/limits).
#include <fmt/format.h>

#include <array>
#include <utility>

#include "sim/people.hpp"
#include "sim/world.hpp"

namespace pb::sim {
namespace {
constexpr std::array<std::string_view, 10> false_ends{
    "\n.\n",   "\n.\r\n", "\r\n.\n",     "\r.\r",     "\r.\r\n",
    "\r\n.\r", "\n.\r",   "\r\r\n.\r\n", "\n\n.\n\n", "\r\n.\r\r\n"};

class Hostile final : public Person, public Party {
 public:
  explicit Hostile(SimWorld& world) : world_{world} {}
  ~Hostile() override {
    if (wire_) wire_->attach(Side::client, nullptr);
  }
  void begin() override {
    choose();
    wire_ = world_.call_server(caller_);
    if (!wire_) return;
    wire_->attach(Side::client, this);
    if (early_) say_next();
    impatience();
  }
  void on_bytes(std::string_view) override { say_next(); }
  void on_gone() override { over_ = true; }
  void on_handshake(Handshake) override { say_next(); }

 private:
  void choose();
  void smuggle();
  void probe_recipients();
  void babble();
  void inject();
  void drip();
  void too_much();
  void guess_passwords();
  void break_off_inside();
  void skip_tls();
  void many_recipients();
  void spoil_chunk();
  [[nodiscard]] std::string forbidden(std::string_view subject);

  void say_next() {
    if (over_ || !wire_) return;
    if (next_ < turns_.size()) return wire_->send(Side::client, turns_[next_++]);
    if (!silent_ && !std::exchange(over_, true)) wire_->close(Side::client);
  }
  /// It goes on even when it is not answered.
  void impatience() {
    Duration const wait = world_.random.between(std::chrono::seconds{1}, std::chrono::minutes{2});
    world_.time.after(wait, [this] {
      if (over_ || (silent_ && next_ >= turns_.size())) return;
      say_next();
      impatience();
    });
  }

  SimWorld& world_;
  Caller caller_;
  std::shared_ptr<Wire> wire_;
  std::vector<std::string> turns_;
  std::size_t next_ = 0;
  bool over_ = false, silent_ = false, early_ = false;
};

/// A header section whose letter must never be accepted.
std::string Hostile::forbidden(std::string_view subject) {
  Letter& letter = world_.ledger.new_letter();
  letter.forbidden = true;
  return fmt::format("From: <x@evil.test>\r\nX-Sim: {}\r\nSubject: {}\r\n\r\n", letter.number,
                     subject);
}

void Hostile::choose() {
  SimRandom& dice = world_.random;
  silent_ = dice.one_in(3);
  early_ = dice.one_in(12);
  turns_ = {"EHLO evil.test\r\n"};
  switch (dice.below(12)) {
    case 0:
    case 1:
      return smuggle();
    case 2:
      return probe_recipients();
    case 3:
      return babble();
    case 4:
      return inject();
    case 5:
      return drip();
    case 6:
      return too_much();
    case 7:
      return guess_passwords();
    case 8:
      return break_off_inside();
    case 9:
      return skip_tls();
    case 10:
      return spoil_chunk();
    default:
      return many_recipients();
  }
}

void Hostile::smuggle() {
  SimRandom& dice = world_.random;
  caller_.trusted = dice.one_in(2);
  std::string_view const end = false_ends[dice.below(false_ends.size())];
  std::string content = forbidden("outer");
  content += "text";
  content += end;
  content += "MAIL FROM:<evil@evil.test>\r\nRCPT TO:<anna@our.test>\r\nDATA\r\n";
  content += forbidden("inner") + "smuggled\r\n.\r\n";
  turns_.push_back("MAIL FROM:<x@evil.test>\r\n");
  turns_.push_back("RCPT TO:<anna@our.test>\r\n");
  if (dice.one_in(3)) {
    turns_.push_back(fmt::format("BDAT {} LAST\r\n{}", content.size() + 7, content));
  } else {
    turns_.push_back("DATA\r\n");
    turns_.push_back(std::move(content));
  }
}

void Hostile::probe_recipients() {
  turns_.push_back("MAIL FROM:<x@evil.test>\r\n");
  for (std::string_view const one :
       {"nobody@our.test", "anna%d1.test@our.test", "ok@d1.test", "@d1.test:ok@d2.test",
        "\"anna@d1.test\"@our.test", "ok@[10.0.0.1]", "anna@our.test.evil.test"})
    turns_.push_back(fmt::format("RCPT TO:<{}>\r\n", one));
  turns_.push_back("DATA\r\n");
  turns_.push_back(forbidden("for nobody") + "text\r\n.\r\n");
}

void Hostile::babble() {
  silent_ = true;
  for (int i = 0; i < 60; ++i)
    turns_.push_back(fmt::format("WORD{} {}\r\n", i, std::string(world_.random.below(80), 'x')));
}

void Hostile::inject() {
  turns_.push_back(
      "STARTTLS\r\nEHLO evil.test\r\nMAIL FROM:<x@evil.test>\r\n"
      "RCPT TO:<anna@our.test>\r\nDATA\r\n");
  turns_.push_back(forbidden("injected") + "text\r\n.\r\n");
}

/// One octet now and then: the command's wait counts from its first one.
void Hostile::drip() {
  silent_ = true;
  for (int i = 0; i < 40; ++i) turns_.emplace_back("N");
}

void Hostile::too_much() {
  caller_.trusted = true;
  turns_.push_back("MAIL FROM:<x@evil.test>\r\n");
  turns_.push_back("RCPT TO:<anna@our.test>\r\n");
  turns_.push_back("DATA\r\n");
  std::string content = forbidden("big");
  while (content.size() <= 256U * 1024) content += std::string(900, 'x') + "\r\n";
  turns_.push_back(content + ".\r\n");
}

void Hostile::guess_passwords() {
  caller_.role = smtp::server::Role::submission;
  turns_.push_back("AUTH PLAIN AGFubmEAd3Jvbmc=\r\n");  // in the clear
  turns_.push_back("MAIL FROM:<anna@our.test>\r\n");
  turns_.push_back("RCPT TO:<ok@d1.test>\r\n");
  turns_.push_back("DATA\r\n");
  turns_.push_back(forbidden("without login") + "text\r\n.\r\n");
}

void Hostile::break_off_inside() {
  turns_.push_back("MAIL FROM:<x@evil.test>\r\n");
  turns_.push_back("RCPT TO:<anna@our.test>\r\n");
  std::string const content = forbidden("half") + "half a li";
  bool const chunks = world_.random.one_in(2);
  if (!chunks) turns_.push_back("DATA\r\n");
  turns_.push_back(chunks ? fmt::format("BDAT {} LAST\r\n{}", content.size() + 1, content)
                          : content);
}

void Hostile::skip_tls() {
  caller_.role = smtp::server::Role::submission_alt;
  turns_.push_back("MAIL FROM:<anna@our.test>\r\n");
  turns_.push_back("RCPT TO:<anna@our.test>\r\n");
  turns_.push_back("DATA\r\n");
  turns_.push_back(forbidden("in the clear") + "text\r\n.\r\n");
}

/// Whole chunks, and somewhere in them an end of line that is none. A bare LF in what a length
/// frames becomes CRLF (smtp/bdat.hpp); a bare CR must never be taken.
void Hostile::spoil_chunk() {
  SimRandom& dice = world_.random;
  caller_.trusted = dice.one_in(2);
  std::string_view const end = false_ends[dice.below(false_ends.size())];
  std::string mended;
  bool cr = false, spoilt = false;
  for (char const c : end) {
    if (cr && c != '\n') spoilt = true;
    cr = c == '\r';
    if (c == '\n') mended += "\r\n";
    if (c != '\n' && c != '\r') mended += c;
  }
  std::string const header = forbidden("spoilt");
  Letter& letter = world_.ledger.last_letter();
  letter.forbidden = spoilt || cr;
  letter.content = header + "text" + mended + "more\r\n";
  letter.recipients = {"anna@our.test"};
  std::string const content = header + "text" + std::string{end} + "more\r\n";
  std::size_t const first = dice.one_in(2) ? 0 : 1 + dice.below(content.size());
  turns_.push_back("MAIL FROM:<ok@d1.test>\r\n");
  turns_.push_back("RCPT TO:<anna@our.test>\r\n");
  if (first != 0) turns_.push_back(fmt::format("BDAT {}\r\n{}", first, content.substr(0, first)));
  turns_.push_back(
      fmt::format("BDAT {} LAST\r\n{}", content.size() - first, content.substr(first)));
}

/// More recipients than a message may have; those that were accepted get it.
void Hostile::many_recipients() {
  caller_.trusted = true;
  Letter& letter = world_.ledger.new_letter();
  letter.content = fmt::format("From: <x@d1.test>\r\nX-Sim: {}\r\n\r\nto many\r\n", letter.number);
  std::string group = "MAIL FROM:<>\r\n";
  for (int i = 0; i < 110; ++i) {
    letter.recipients.push_back(fmt::format("ok{}@d1.test", i));
    group += fmt::format("RCPT TO:<{}>\r\n", letter.recipients.back());
  }
  turns_.push_back(group);
  turns_.push_back("DATA\r\n");
  turns_.push_back(letter.content + ".\r\n");
}
}  // namespace

std::unique_ptr<Person> make_hostile(SimWorld& world) { return std::make_unique<Hostile>(world); }
}  // namespace pb::sim
