// dialogue.cpp: see dialogue.hpp. Linear in what is said.
// Spec: RFC 5321 §4.3.2 (which reply answers what), RFC 3207 §4.2 (what TLS makes forgotten).
// Tests: dialogue_test.cpp
#include "advisor/dialogue.hpp"

#include <algorithm>

#include "advisor/dialogue_words.hpp"
#include "base/ascii.hpp"

namespace pb::advisor {
namespace {
struct Verb {
  std::string_view word;
  Turn turn;
};
constexpr Verb verbs[] = {
    {"EHLO", Turn::ehlo}, {"HELO", Turn::ehlo}, {"LHLO", Turn::ehlo}, {"STARTTLS", Turn::starttls},
    {"AUTH", Turn::auth}, {"MAIL", Turn::mail}, {"RCPT", Turn::rcpt}, {"DATA", Turn::data},
    {"RSET", Turn::rset}, {"QUIT", Turn::quit},
};

bool masked(std::string_view word) {
  return word.size() > 3 && std::ranges::count(word, 'X') + 1 >= std::ssize(word);
}

Meaning const* find(Turn turn, int code) {
  for (int const wanted : {code, code / 100}) {
    for (auto const& row : meanings) {
      if (row.turn == turn && row.code == wanted) return &row;
    }
  }
  return nullptr;
}
}  // namespace

std::string keyword_meaning(text::Language language, std::string_view line) {
  std::string const word =
      ascii::to_upper(line.substr(0, std::min(line.find_first_of(" ="), line.size())));
  for (auto const& row : keywords) {
    if (row.name == word) return std::string{row.text.in(language)};
  }
  return masked(word) ? std::string{dialogue_text("masked").in(language)} : std::string{};
}

Guide::Guide(text::Language language, std::string name, bool secure)
    : language_{language}, name_{std::move(name)}, secure_{secure} {}

void Guide::on_command(std::string_view line) {
  std::string const word = ascii::to_upper(line.substr(0, std::min(line.find(' '), line.size())));
  // A line within a login belongs to it: it answers a challenge.
  bool const challenge = turn_ == Turn::auth && stuck_;
  auto const row = std::ranges::find(verbs, word, &Verb::word);
  stuck_ = false;
  line_ = 0;
  if (!challenge) turn_ = row == std::end(verbs) ? Turn::other : row->turn;
  if (turn_ == Turn::ehlo) {
    mechanisms_.clear();
    starttls_ = false;
  }
}

bool Guide::on_body_line(std::string_view line) {
  if (line != ".") return false;
  in_body_ = false;
  turn_ = Turn::body;
  line_ = 0;
  return true;
}

std::string Guide::meaning(std::string_view text, int code, bool first) const {
  bool const list = turn_ == Turn::ehlo && code == 250 && !first;
  if (list) return keyword_meaning(language_, text);
  if (!first) return {};
  for (Turn const turn : {turn_, Turn::other}) {
    bool const exact = std::ranges::any_of(
        meanings, [&](Meaning const& row) { return row.turn == turn && row.code == code; });
    if (exact) return std::string{find(turn, code)->text.in(language_)};
  }
  auto const* row = find(turn_, code);
  if (row == nullptr) row = find(Turn::other, code);
  return row == nullptr ? std::string{} : std::string{row->text.in(language_)};
}

ReplyLine Guide::on_reply(std::string_view line) {
  ReplyLine out;
  bool const digits = line.size() >= 3 && ascii::is_digit(line[0]) && ascii::is_digit(line[1]) &&
                      ascii::is_digit(line[2]) &&
                      (line.size() == 3 || line[3] == ' ' || line[3] == '-');
  if (!digits) {
    out.meaning = dialogue_text("not_smtp").in(language_);
    out.last = over_ = refused_ = true;
    return out;
  }
  out.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  out.last = line.size() == 3 || line[3] == ' ';
  auto const text = line.size() > 4 ? ascii::trim(line.substr(4)) : std::string_view{};
  bool const first = line_++ == 0;
  out.meaning = meaning(text, out.code, first);
  if (turn_ == Turn::ehlo && out.code == 250 && !first) {
    auto const upper = ascii::to_upper(text);
    if (upper == "STARTTLS") starttls_ = true;
    if (upper.starts_with("AUTH ") || upper.starts_with("AUTH=")) {
      for (auto word : ascii::split(std::string_view{upper}.substr(5), ' '))
        if (!word.empty()) mechanisms_.emplace_back(word);
    }
  }
  if (out.last) settle(out.code);
  return out;
}

void Guide::settle(int code) {
  bool const good = code >= 200 && code < 400;
  refused_ = refused_ || !good;
  over_ = code == 421 || turn_ == Turn::quit || (turn_ == Turn::greeting && !good);
  if (!good) return;
  switch (turn_) {
    case Turn::greeting:
    case Turn::other:
    case Turn::quit:
      return;
    case Turn::ehlo:
      greeted_ = true;
      sender_ = recipient_ = false;
      return;
    case Turn::starttls:
      wants_tls_ = true;
      return;
    case Turn::auth:
      stuck_ = code < 400 && code >= 300;
      logged_in_ = !stuck_;
      return;
    case Turn::mail:
      sender_ = true;
      sent_ = false;
      return;
    case Turn::rcpt:
      recipient_ = true;
      return;
    case Turn::data:
      in_body_ = code >= 300;
      return;
    case Turn::body:
      sent_ = true;
      sender_ = recipient_ = false;
      return;
    case Turn::rset:
      sender_ = recipient_ = false;
      return;
  }
}

void Guide::on_tls(bool verified) {
  wants_tls_ = false;
  secure_ = true;
  verified_ = verified;
  starttls_ = greeted_ = logged_in_ = sender_ = recipient_ = false;
  mechanisms_.clear();
}

bool Guide::offers(std::string_view mechanism) const {
  return std::ranges::find(mechanisms_, mechanism) != mechanisms_.end();
}

std::string Guide::suggestion() const {
  if (in_body_ || over_ || stuck_) return {};
  if (!greeted_) return "EHLO " + name_;
  if (starttls_ && !secure_) return "STARTTLS";
  if (sent_ || (turn_ == Turn::auth && !logged_in_)) return "QUIT";
  if (!logged_in_ && !mechanisms_.empty() && verified_ && !sender_) return "login USER";
  if (!sender_) return "MAIL FROM:<you@example.com>";
  return recipient_ ? "DATA" : "RCPT TO:<you@example.com>";
}
}  // namespace pb::advisor
