// talk.cpp: `packetboat talk HOST [PORT]`: the telnet of the old how-tos, with TLS and a guide.
// Spec: docs/reference/command-line.md ("talk"). A password goes out only within TLS
// whose certificate is good.        Not here: meanings (advisor/dialogue), bytes
// (runtime/talk_line).
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <memory>
#include <ostream>

#include "advisor/dialogue_words.hpp"
#include "advisor/judge_attempt.hpp"
#include "advisor/ports.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "cli/commands.hpp"
#include "cli/secrets.hpp"
#include "cli/standard_input.hpp"
#include "cli/usage.hpp"
#include "cli/verify_input.hpp"
#include "runtime/system.hpp"
#include "runtime/talk_line.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
using advisor::dialogue_text;
using advisor::Millis;
using runtime::TalkLine;
using text::say;
constexpr std::size_t typed_octets_max = 64 * 1024;
constexpr std::size_t reply_lines_max = 256;
constexpr std::size_t margin_column = 44;

struct Options {
  std::string host, script, ca_file, ehlo_name = "[127.0.0.1]", password_command;
  std::uint16_t port = 587;
  bool tls = false, json = false;
  double timeout = 60;
};

class Talk {
 public:
  Talk(Options const& options, TalkLine& line, Terminal& terminal)
      : options_{options},
        line_{line},
        terminal_{terminal},
        language_{terminal.language()},
        guide_{language_, options.ehlo_name, false},
        store_{options.ca_file} {}
  /// `script` null: the lines come from the terminal.
  Exit run(std::vector<std::string> const* script);

 private:
  bool read_reply();
  bool shake_hands();
  bool converse(std::string line);
  bool log_in(std::string_view user);
  bool command(std::string const& line, std::string_view shown);
  std::optional<std::string> next_line(std::vector<std::string> const* script);
  void notice(std::string_view text);
  void show(char direction, std::string_view text, std::string_view meaning);
  void finish(Exit exit);

  Options const& options_;
  TalkLine& line_;
  Terminal& terminal_;
  text::Language language_;
  advisor::Guide guide_;
  runtime::TrustStore store_;
  json::array said_;
  std::size_t at_ = 0;  // in the script
  bool danger_ = false, broken_ = false;
};

void Talk::notice(std::string_view text) {
  if (options_.json) {
    said_.push_back({{"from", "packetboat"}, {"text", text}});
  } else {
    terminal_.out() << text::paragraph("- ", text, terminal_.columns()) << std::flush;
  }
}

/// What a peer sent is escaped and cut; the meaning stands in a margin, or below a long line.
void Talk::show(char direction, std::string_view text, std::string_view meaning) {
  std::string const shown = escape_for_display(text, 512);
  if (options_.json) {
    json::object one{{"from", direction == '<' ? "server" : "client"}, {"text", shown}};
    if (!meaning.empty()) one["meaning"] = meaning;
    said_.push_back(std::move(one));
    return;
  }
  std::string const said = fmt::format("{} {}", direction, shown);
  bool const beside = utf8::columns(said) < margin_column;
  if (meaning.empty() || !beside) terminal_.out() << said << '\n';
  if (!meaning.empty())
    terminal_.out() << text::paragraph(utf8::pad(beside ? said : "", margin_column) + "| ", meaning,
                                       terminal_.columns());
  terminal_.out() << std::flush;
}

/// One reply, all its lines. False: the conversation is over.
bool Talk::read_reply() {
  auto const wait = Millis{static_cast<std::int64_t>(options_.timeout * 1000)};
  std::string text;
  for (std::size_t lines = 0; lines < reply_lines_max; ++lines) {
    switch (line_.read_line(text, wait)) {
      case TalkLine::Got::line:
        break;
      case TalkLine::Got::silence: {
        bool const greeting = guide_.suggestion().starts_with("EHLO") && !guide_.secure();
        notice(say(language_, greeting ? dialogue_text("silent") : dialogue_text("no_reply"),
                   options_.timeout));
        broken_ = true;
        return false;
      }
      case TalkLine::Got::closed:
        notice(dialogue_text("closed").in(language_));
        broken_ = true;
        return false;
      case TalkLine::Got::too_long:
        notice(dialogue_text("endless").in(language_));
        broken_ = true;
        return false;
    }
    auto const reply = guide_.on_reply(text);
    show('<', text, reply.meaning);
    if (!reply.last) continue;
    if (guide_.wants_tls()) return shake_hands();
    return !guide_.over();
  }
  notice(dialogue_text("endless").in(language_));
  broken_ = true;
  return false;
}

bool Talk::shake_hands() {
  if (line_.anything_left()) {  // RFC 3207 §4.2
    notice(dialogue_text("injected").in(language_));
    danger_ = true;
    return false;
  }
  std::int64_t const now =
      runtime::SystemClock{}.now().time_since_epoch() / std::chrono::seconds{1};
  advisor::AttemptFacts attempt;
  attempt.endpoint = line_.endpoint();
  attempt.connect.tcp = advisor::Tcp::open;
  attempt.opening = advisor::Opening::smtp;
  attempt.greeting_code = 220;
  attempt.before = {.asked = true, .code = 250, .keywords = {}, .auth = {}, .starttls = true};
  attempt.after = attempt.before;
  attempt.after.auth = {"PLAIN"};
  attempt.starttls = advisor::StartTls::ready;
  attempt.tls = line_.start_tls(store_, options_.host, now, Millis{10'000});
  advisor::ProbeFacts facts;
  facts.host = options_.host;
  facts.now = now;
  auto const verdict = advisor::judge_attempt(facts, attempt, {});
  std::string const problem = verdict.faults.empty()
                                  ? std::string{}
                                  : std::string{info(verdict.faults.front()).title.in(language_)};
  bool const stands = attempt.tls.handshake == advisor::Handshake::ok;
  bool const good = attempt.tls.verified();
  danger_ = danger_ || (stands && !good);
  broken_ = broken_ || !stands;
  std::string const what = attempt.tls.version + " " + attempt.tls.cipher;
  notice(!stands ? say(language_, dialogue_text("tls_failed"), problem)
         : good  ? say(language_, dialogue_text("tls_good"), what, options_.host)
                 : say(language_, dialogue_text("tls_bad"), what, problem));
  if (stands) guide_.on_tls(good);
  return stands;
}

bool Talk::command(std::string const& line, std::string_view shown) {
  guide_.on_command(line);
  show('>', shown, {});
  if (!line_.send(line + "\r\n")) {
    notice(dialogue_text("closed").in(language_));
    broken_ = true;
    return false;
  }
  return read_reply();
}

/// RFC 4616, or the older LOGIN where PLAIN is not offered.
bool Talk::log_in(std::string_view user) {
  if (!guide_.verified()) {
    notice(dialogue_text("no_clear").in(language_));
    return true;
  }
  bool const plain = guide_.offers("PLAIN");
  if (!plain && !guide_.offers("LOGIN")) {
    notice(dialogue_text("no_mechanism").in(language_));
    return true;
  }
  auto const secret = read_secret(
      {.user = std::string{user}, .command = options_.password_command, .token_command = {}},
      terminal_);
  if (!secret) {
    notice(escape_for_display(secret.error()));
    return true;
  }
  if (plain) {
    std::string response = std::string{'\0'} + std::string{user} + '\0' + secret->password;
    return command("AUTH PLAIN " + base64_encode(response), "AUTH PLAIN ...");
  }
  if (!command("AUTH LOGIN", "AUTH LOGIN")) return false;
  for (std::string const& answer : {std::string{user}, secret->password}) {
    if (guide_.challenged() && !command(base64_encode(answer), "...")) return false;
  }
  return true;
}

/// A line as it was typed. False: the conversation is over.
bool Talk::converse(std::string line) {
  if (guide_.in_body()) {
    bool const end = guide_.on_body_line(line);
    // A dot at the start of a line is doubled (RFC 5321 §4.5.2).
    bool const dotted = !end && line.starts_with('.');
    show('>', line, {});
    if (!line_.send((dotted ? "." : "") + line + "\r\n")) return false;
    return !end || read_reply();
  }
  line = ascii::trim(line);
  if (line.empty()) line = guide_.suggestion();
  if (line.empty()) return true;
  if (line == "?") {
    notice(dialogue_text("hint").in(language_));
    return true;
  }
  std::string const upper = ascii::to_upper(line);
  if (upper.starts_with("LOGIN ")) return log_in(ascii::trim(std::string_view{line}.substr(6)));
  bool const secret = upper.starts_with("AUTH ");
  if (secret && !guide_.verified()) {
    notice(dialogue_text("no_clear").in(language_));
    return true;
  }
  return command(line, secret ? "AUTH ..." : line);
}

std::optional<std::string> Talk::next_line(std::vector<std::string> const* script) {
  if (script != nullptr) {
    if (at_ == script->size()) return std::nullopt;
    return (*script)[at_++];
  }
  auto const next = guide_.suggestion();
  if (!next.empty())
    terminal_.out() << "  "
                    << terminal_.styled(Style::faint, say(language_, dialogue_text("next"), next))
                    << '\n';
  terminal_.out() << "> " << std::flush;
  std::string line = read_line(typed_octets_max);
  // Nothing and no line end: the terminal was closed.
  if (line.empty() && ::isatty(STDIN_FILENO) == 0) return std::nullopt;
  return line;
}

Exit Talk::run(std::vector<std::string> const* script) {
  notice(say(language_, dialogue_text("connected"), line_.endpoint().text()));
  auto const* port = advisor::find_port(options_.port);
  bool const implicit =
      options_.tls || (port != nullptr && port->security == advisor::Security::implicit_tls);
  bool going = (!implicit || shake_hands()) && read_reply();
  if (going && script == nullptr) notice(dialogue_text("hint").in(language_));
  while (going) {
    auto line = next_line(script);
    if (!line) break;
    going = converse(std::move(*line));
  }
  if (going && !guide_.in_body() && !guide_.over()) (void)command("QUIT", "QUIT");
  Exit exit = Exit::ok;
  if (guide_.refused()) exit = Exit::second_choice;
  if (broken_) exit = Exit::unavailable;
  if (danger_) exit = Exit::danger;
  if (options_.json) finish(exit);
  return exit;
}

void Talk::finish(Exit exit) {
  terminal_.out() << json::serialize(json::object{{"schema", "packetboat.talk/1"},
                                                  {"host", escape_for_display(options_.host)},
                                                  {"endpoint", line_.endpoint().text()},
                                                  {"said", said_},
                                                  {"encrypted", guide_.secure()},
                                                  {"verified", guide_.verified()},
                                                  {"exit", static_cast<int>(exit)}})
                  << '\n';
}

Exit run_talk(Options const& options, Terminal& terminal) {
  std::vector<std::string> script;
  bool const interactive = options.script.empty() && ::isatty(STDIN_FILENO) == 1;
  if (!interactive) {
    auto const text = read_input(options.script.empty() ? "-" : options.script);
    if (!text) return refuse(terminal, text.error());
    for (auto line : ascii::split(*text, '\n')) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      script.emplace_back(line);
    }
    if (!script.empty() && script.back().empty()) script.pop_back();  // after the last line end
  }
  auto line = TalkLine::open(options.host, options.port);
  if (!line) {
    terminal.err() << say(terminal.language(), dialogue_text("unreachable"),
                          escape_for_display(options.host), escape_for_display(line.error()))
                   << '\n';
    return Exit::unavailable;
  }
  return Talk{options, *line, terminal}.run(interactive ? nullptr : &script);
}
}  // namespace

void add_talk(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  command.add_option("host", options->host, "a host name or an address")->required();
  command.add_option("port", options->port, "the port (587; 465 begins with TLS)");
  command.add_flag("--tls", options->tls, "begin with TLS on another port than 465");
  command.add_option("--script", options->script,
                     "say the lines of this file, each after the last reply; -: standard input");
  command.add_option("--helo-name", options->ehlo_name, "the name that is suggested for EHLO");
  command.add_option("--password-command", options->password_command,
                     "for login USER (else PACKETBOAT_PASSWORD, else asked)");
  command.add_option("--ca-file", options->ca_file, "trust the issuers of this file only");
  command.add_option("--timeout", options->timeout, "seconds to wait for a reply (60)")
      ->check(CLI::Range(0.1, 600.0));
  command.add_flag("--json", options->json, "print packetboat.talk/1 at the end");
  command.footer(
      "Exit codes: 0 every reply was positive, 1 one was not, 3 the certificate is wrong,\n"
      "69 no connection, no reply.\n"
      "Examples:\n  packetboat talk smtp.example.com\n  packetboat talk smtp.example.com 465\n"
      "  printf 'EHLO me.example\\nSTARTTLS\\nEHLO me.example\\n' | packetboat talk "
      "smtp.example.com");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_talk(*options, terminal); };
  });
}
}  // namespace pb::cli
