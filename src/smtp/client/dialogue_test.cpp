// dialogue_test.cpp: plays tests/client_dialogues/*.smtp at a client session: whole, cut once at
// every byte, and byte by byte; what the client says and what becomes of a message is the same.
// Spec: RFC 5321 §3; form of a file: tests/client_dialogues/README.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "smtp/client/session.hpp"

namespace pb::smtp::client {
namespace {
/// One line of a file: 'S', 'C', '*' (something happens) or '=' (what is expected to be true).
struct Line {
  char kind;
  std::string text;
  std::size_t number;
};

struct Dialogue {
  Settings settings;
  Transaction transaction;
  std::string content;
  std::vector<Line> lines;
};

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    char const next = text[++i];
    if (next == 'r') out += '\r';
    if (next == 'n') out += '\n';
    if (next == '\\') out += '\\';
    if (next == 'x' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16));
      i += 2;
    }
  }
  return out;
}

void take_setting(std::string_view word, Dialogue& out) {
  if (word == "lmtp") out.settings.protocol = Protocol::lmtp;
  if (word == "never") out.settings.tls = TlsUse::never;
  if (word == "required") out.settings.tls = TlsUse::required;
  if (word == "verified") out.settings.tls = TlsUse::verified;
  if (word == "implicit") out.settings.tls = TlsUse::implicit;
  if (word == "credentials")
    out.settings.credentials = {.user = "user", .password = "secret", .access_token = {}};
  if (word == "8bit") out.transaction.eight_bit = true;
  if (word == "header-utf8") out.transaction.header_utf8 = true;
  if (word == "notify-never") {
    out.transaction.envelope.forward_paths.at(0).notify = {.specified = true, .never = true};
    out.transaction.envelope.dsn_return = mail::DsnReturn::headers;
    out.transaction.envelope.envelope_id = "id1";
  }
}

mail::Mailbox mailbox(std::string_view text) {
  auto const at = text.rfind('@');
  PB_CHECK(at != std::string_view::npos);
  return {std::string{text.substr(0, at)}, {std::string{text.substr(at + 1)}}};
}

Dialogue load(std::filesystem::path const& path) {
  Dialogue out;
  out.settings.ehlo_name = "client.example";
  out.settings.client_nonce = "rOprNGfwEbeRWgbNEkqO";
  out.content = "Subject: hi\r\n\r\nhello\r\n";
  std::ifstream file{path};
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    std::string_view const text = line;
    if (text.empty() || text.starts_with('#')) continue;
    auto const value = [&text](std::string_view name) { return text.substr(name.size()); };
    if (text.starts_with("from: ")) {
      if (text != "from: <>")
        out.transaction.envelope.reverse_path.mailbox = mailbox(value("from: "));
    } else if (text.starts_with("to: ")) {
      for (auto const part : ascii::split(value("to: "), ','))
        out.transaction.envelope.forward_paths.push_back({mailbox(part), {}, {}});
    } else if (text.starts_with("content: ")) {
      out.content = unescape(value("content: "));
    } else if (text.starts_with("settings: ")) {
      for (auto const word : ascii::split(value("settings: "), ' ')) take_setting(word, out);
    } else {
      PB_CHECK(text.size() >= 2);
      bool const wire = text[0] == 'S' || text[0] == 'C';
      std::string body = text.size() > 2 + std::size_t{wire} ? line.substr(2 + wire) : "";
      out.lines.push_back({text[0], wire ? unescape(body) : body, number});
    }
  }
  out.transaction.octets = out.content.size();
  return out;
}

/// How the server's bytes are handed over: in whole groups, cut once, or one by one.
struct Cut {
  std::size_t at = std::string::npos;
  bool every_byte = false;
};

class Player {
 public:
  Player(Dialogue const& dialogue, Cut cut)
      : dialogue_{dialogue}, cut_{cut}, session_{dialogue.settings} {
    if (!dialogue.transaction.envelope.forward_paths.empty()) session_.begin(dialogue.transaction);
  }

  void play() {
    run("");
    for (std::size_t i = 0; i < dialogue_.lines.size(); ++i) {
      Line const& line = dialogue_.lines[i];
      if (line.kind == 'S') {
        std::string group;
        for (; i < dialogue_.lines.size() && dialogue_.lines[i].kind == 'S'; ++i)
          group += dialogue_.lines[i].text + "\r\n";
        --i;
        expect_nothing_more(line);
        feed(group);
      } else if (line.kind == 'C') {
        expect_sent(line);
      } else if (line.kind == '*') {
        happen(line);
      } else if (line.kind == '=') {
        expect_true(line);
      }
      if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_EQ(sent_, "") << "the client said more";
  }

  [[nodiscard]] std::size_t server_octets() const { return fed_; }

 private:
  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      std::size_t take = bytes.size();
      if (cut_.every_byte) take = 1;
      if (fed_ < cut_.at && cut_.at < fed_ + bytes.size()) take = cut_.at - fed_;
      fed_ += take;
      run(bytes.substr(0, take));
      bytes.remove_prefix(take);
    }
  }

  /// Follows the session until it wants something from outside.
  void run(std::string_view input) {
    for (int steps = 0; steps < 10'000; ++steps) {
      if (closed_) return;
      Step step = session_.next(input);
      if (auto* send = std::get_if<Send>(&step)) {
        sent_ += send->bytes;
      } else if (auto* need = std::get_if<NeedBody>(&step)) {
        session_.on_body(std::string_view{dialogue_.content}.substr(
            need->offset, std::min<std::size_t>(need->octets_max, 7)));
      } else if (auto* done = std::get_if<Done>(&step)) {
        transcripts_.push_back(std::move(done->transcript));
      } else if (auto* closed = std::get_if<Closed>(&step)) {
        closed_ = *closed;
      } else if (std::holds_alternative<StartTls>(step)) {
        tls_waits_ = true;
        return;
      } else {
        waits_ = true;
        if (input.empty()) return;
      }
    }
    FAIL() << "the session does not come to rest";
  }

  void expect_sent(Line const& line) {
    std::string const wanted = line.text + "\r\n";
    ASSERT_EQ(sent_.substr(0, wanted.size()), wanted) << "line " << line.number;
    sent_.erase(0, wanted.size());
  }
  void expect_nothing_more(Line const& line) {
    ASSERT_EQ(sent_, "") << "said too early, before line " << line.number;
  }

  void happen(Line const& line) {
    if (line.text.starts_with("tls")) {
      ASSERT_TRUE(tls_waits_) << "line " << line.number;
      tls_waits_ = false;
      TlsAnswer answer;
      answer.version = "TLSv1.3";
      answer.established = line.text != "tls failed";
      answer.trusted = line.text == "tls trusted";
      session_.on_tls(answer);
    } else if (line.text == "timeout") {
      session_.on_timeout();
    } else if (line.text == "closed") {
      session_.on_end_of_input();
    } else if (line.text == "quit") {
      session_.quit();
    } else if (line.text == "again") {
      ASSERT_TRUE(session_.usable()) << "line " << line.number;
      session_.begin(dialogue_.transaction);
    } else {
      FAIL() << "line " << line.number << ": unknown event " << line.text;
    }
    run("");
  }

  /// "= b@x.example delivered 250 2.0.0 ok", "= fault timeout end_of_data", "= closed refused".
  void expect_true(Line const& line) {
    std::string_view const text = line.text;
    if (text.starts_with("closed")) {
      ASSERT_TRUE(closed_) << "line " << line.number;
      EXPECT_EQ(text, "closed " + std::string{name_of(closed_->fault)}) << "line " << line.number;
      return;
    }
    if (text == "idle") {
      EXPECT_TRUE(!closed_ && session_.usable()) << "line " << line.number;
      return;
    }
    if (text == "waits") {
      EXPECT_TRUE(!closed_ && transcripts_.empty()) << "line " << line.number;
      return;
    }
    ASSERT_FALSE(transcripts_.empty()) << "line " << line.number << ": not done";
    Transcript const& last = transcripts_.back();
    if (text.starts_with("fault ")) {
      std::string found = "fault " + std::string{name_of(last.fault)};
      if (last.fault != Fault::none) found += " " + std::string{name_of(last.phase)};
      EXPECT_EQ(text, found) << "line " << line.number;
      return;
    }
    auto const& paths = dialogue_.transaction.envelope.forward_paths;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      std::string const name = paths[i].mailbox.local_part + "@" + paths[i].mailbox.domain.text;
      if (!text.starts_with(name + " ")) continue;
      EXPECT_EQ(text, name + " " + describe(last.recipients.at(i))) << "line " << line.number;
      return;
    }
    FAIL() << "line " << line.number << ": nobody is called so: " << text;
  }

  static std::string describe(RecipientResult const& result) {
    if (result.address_unsendable) return "unsendable";
    if (!result.reply) return "undecided";
    if (result.delivered()) return "delivered " + result.reply->display();
    return "refused " + std::string{name_of(result.phase)} + " " + result.reply->display();
  }

  Dialogue const& dialogue_;
  Cut cut_;
  Session session_;
  std::string sent_;
  std::vector<Transcript> transcripts_;
  std::optional<Closed> closed_;
  bool tls_waits_ = false;
  bool waits_ = false;
  std::size_t fed_ = 0;
};

std::vector<std::filesystem::path> dialogues() {
  std::vector<std::filesystem::path> out;
  for (auto const& entry :
       std::filesystem::directory_iterator{PB_SOURCE_DIR "/tests/client_dialogues"})
    if (entry.path().extension() == ".smtp") out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

class ClientDialogue : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ClientDialogue, reads_the_same_at_every_cut) {
  Dialogue const dialogue = load(GetParam());
  Player whole{dialogue, {}};
  whole.play();
  if (HasFailure()) return;
  Player{dialogue, {.every_byte = true}}.play();
  for (std::size_t at = 1; at < whole.server_octets() && !HasFailure(); ++at) {
    SCOPED_TRACE("cut at " + std::to_string(at));
    Player{dialogue, {.at = at}}.play();
  }
}

std::string name_of_file(testing::TestParamInfo<std::filesystem::path> const& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(files, ClientDialogue, testing::ValuesIn(dialogues()), name_of_file);
}  // namespace
}  // namespace pb::smtp::client
