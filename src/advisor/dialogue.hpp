// dialogue.hpp: the guide beside an SMTP dialogue: what a reply means, and what to type next.
// Spec: RFC 5321 §4.2, §4.3; RFC 3207, RFC 4954; the keywords' own RFCs.     Tests:
// dialogue_test.cpp Not here: the connection (runtime/talk_line), the screen (cli/talk).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/language.hpp"

namespace pb::advisor {
/// Where the dialogue stands: what the next reply will answer.
enum class Turn : std::uint8_t {
  greeting,
  ehlo,
  starttls,
  auth,
  mail,
  rcpt,
  data,  // the command
  body,  // the end of data
  rset,
  quit,
  other,
};

struct ReplyLine {
  int code = 0;         // 0: this is no SMTP reply
  bool last = false;    // no more lines of this reply
  std::string meaning;  // for the margin; may be empty
};

class Guide {
 public:
  /// `name`: for EHLO. `secure`: TLS stands already.
  Guide(text::Language language, std::string name, bool secure);
  /// A command line as typed, without its end.
  void on_command(std::string_view line);
  /// A line of the message; true when it ends the message.
  bool on_body_line(std::string_view line);
  /// One line of a reply, without its end.
  ReplyLine on_reply(std::string_view line);
  /// TLS stands, and its certificate is good or not: what was said before is forgotten.
  void on_tls(bool verified);

  [[nodiscard]] bool secure() const { return secure_; }
  [[nodiscard]] bool verified() const { return verified_; }
  [[nodiscard]] bool in_body() const { return in_body_; }
  [[nodiscard]] bool over() const { return over_; }
  /// The last reply said 220 to STARTTLS: shake hands now.
  [[nodiscard]] bool wants_tls() const { return wants_tls_; }
  /// The login goes on: the next line answers it.
  [[nodiscard]] bool challenged() const { return stuck_; }
  /// Any reply so far was negative.
  [[nodiscard]] bool refused() const { return refused_; }
  [[nodiscard]] bool offers(std::string_view mechanism) const;
  /// A command, ready to send; "login USER" where a login comes next; empty within a message.
  [[nodiscard]] std::string suggestion() const;

 private:
  std::string meaning(std::string_view text, int code, bool first) const;
  void settle(int code);

  text::Language language_;
  std::string name_;
  bool secure_, verified_ = false, in_body_ = false, over_ = false, wants_tls_ = false;
  bool refused_ = false, starttls_ = false, logged_in_ = false;
  bool sender_ = false, recipient_ = false, sent_ = false, greeted_ = false, stuck_ = false;
  std::vector<std::string> mechanisms_;
  Turn turn_ = Turn::greeting;
  std::size_t line_ = 0;  // of the reply being read
};

/// What an EHLO keyword promises ("SIZE 1000"), in one line; empty: unknown.
std::string keyword_meaning(text::Language language, std::string_view line);
}  // namespace pb::advisor
