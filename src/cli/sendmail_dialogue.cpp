// sendmail_dialogue.cpp: the few commands that a program on the same computer needs.
// Spec: RFC 5321 §4.1.1, §4.5.2 (dots).               Tests: tests/end_to_end/sendmail_test.py
#include "cli/sendmail_dialogue.hpp"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <ostream>

#include "base/ascii.hpp"
#include "smtp/command.hpp"
#include "smtp/reply.hpp"

namespace pb::cli {
namespace {
namespace reply = smtp::reply;
constexpr std::size_t line_octets_max = 1 << 20;
constexpr std::size_t message_octets_max = std::size_t{256} << 20;
constexpr std::size_t recipients_max = 1000;

/// Lines of standard input; LF and CRLF both end one.
class Lines {
 public:
  /// nullopt: the input has ended. A longer line is cut.
  std::optional<std::string> next() {
    std::string line;
    for (;;) {
      if (at_ == size_ && !fill()) {
        if (line.empty()) return std::nullopt;
        return line;
      }
      char const c = buffer_[at_++];
      if (c == '\n') break;
      if (line.size() < line_octets_max) line += c;
    }
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }

 private:
  bool fill() {
    ssize_t got = 0;
    do {
      got = ::read(STDIN_FILENO, buffer_, sizeof buffer_);
    } while (got < 0 && errno == EINTR);
    at_ = 0;
    size_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    return got > 0;
  }
  char buffer_[8192];
  std::size_t at_ = 0, size_ = 0;
};

class Dialogue {
 public:
  Dialogue(Terminal& terminal, std::function<Exit(OutboxEntry, std::string const&)> const& deliver)
      : terminal_{terminal}, deliver_{deliver} {}

  void run() {
    answer(reply::greeting);
    while (auto const line = lines_.next()) {
      auto const command = smtp::split_command(*line);
      if (ascii::iequals(command.verb, "QUIT")) break;
      step(command);
    }
    answer(reply::closing);
  }

 private:
  void answer(smtp::Reply const& said) { terminal_.out() << said.wire() << std::flush; }

  void step(smtp::CommandLine const& command) {
    auto const is = [&](std::string_view verb) { return ascii::iequals(command.verb, verb); };
    if (is("EHLO") || is("HELO") || is("NOOP")) {
      answer(reply::ok);
    } else if (is("RSET")) {
      entry_.reset();
      answer(reply::ok);
    } else if (is("MAIL")) {
      begin(command.arguments);
    } else if (is("RCPT")) {
      add(command.arguments);
    } else if (is("DATA")) {
      take_content();
    } else {
      answer(reply::unknown_command);
    }
  }

  void begin(std::string_view arguments) {
    auto const mail = smtp::parse_mail(arguments);
    if (!mail) return answer(reply::bad_reverse_path);
    entry_.emplace();
    entry_->from = mail->path.text();
    answer(reply::mail_ok);
  }

  void add(std::string_view arguments) {
    if (!entry_) return answer(reply::need_mail);
    if (entry_->recipients.size() >= recipients_max) return answer(reply::too_many_recipients);
    auto const rcpt = smtp::parse_rcpt(arguments, mail::Utf8::allow);
    if (!rcpt) return answer(reply::bad_forward_path);
    auto const& mailbox = rcpt->path.mailbox;
    entry_->recipients.push_back(mailbox.domain.text.empty() ? mailbox.local_part : mailbox.text());
    answer(reply::rcpt_ok);
  }

  void take_content() {
    if (!entry_ || entry_->recipients.empty()) return answer(reply::no_recipients);
    answer(reply::go_on);
    std::string text;
    bool whole = false;
    while (auto line = lines_.next()) {
      whole = *line == ".";
      if (whole) break;
      if (text.size() > message_octets_max) continue;  // read to its end, then refused
      text += (line->starts_with('.') ? line->substr(1) : *line) + "\r\n";
    }
    OutboxEntry entry = std::move(*entry_);
    entry_.reset();
    if (!whole) return;  // cut off: it was never given to us
    if (text.size() > message_octets_max) return answer(reply::declared_too_big);
    Exit const exit = deliver_(std::move(entry), text);
    if (exit == Exit::ok) return answer(reply::ok);
    if (exit == Exit::temporary) return answer(reply::too_busy);
    answer(reply::no_recipients);
  }

  Terminal& terminal_;
  std::function<Exit(OutboxEntry, std::string const&)> const& deliver_;
  Lines lines_;
  std::optional<OutboxEntry> entry_;
};
}  // namespace

Exit run_smtp_dialogue(Terminal& terminal,
                       std::function<Exit(OutboxEntry, std::string const&)> const& deliver) {
  Dialogue{terminal, deliver}.run();
  return Exit::ok;
}
}  // namespace pb::cli
