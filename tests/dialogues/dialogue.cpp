// dialogue.cpp: reads dialogue files.                      Form: README.md beside this file.
// Spec: none but the README.                               Not here: playing them (play.cpp).
#include "dialogue.hpp"

#include <fmt/core.h>

#include <charconv>
#include <fstream>
#include <map>
#include <stdexcept>

#include "base/ascii.hpp"
#include "base/encoding.hpp"

namespace pb::dialogues {
namespace {
struct Reader {
  Dialogue dialogue;
  bool started = false;  // a C: or S: line was seen
  int line = 0;
  std::filesystem::path file;

  [[noreturn]] void fail(std::string_view what) const {
    throw std::runtime_error{fmt::format("{}:{}: {}", file.string(), line, what)};
  }
  std::size_t number(std::string_view text) const {
    std::size_t value = 0;
    auto const [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || at != text.data() + text.size()) fail("not a number");
    return value;
  }
  /// \r \n \t \\ \xNN
  std::string unescape(std::string_view text) const {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        out += text[i];
        continue;
      }
      if (++i == text.size()) fail("backslash at the end");
      switch (text[i]) {
        case 'r':
          out += '\r';
          break;
        case 'n':
          out += '\n';
          break;
        case 't':
          out += '\t';
          break;
        case '\\':
          out += '\\';
          break;
        case 'x': {
          auto const octet = hex_decode(text.substr(i + 1, 2));
          if (!octet || octet->size() != 1) fail("bad \\x");
          out += *octet;
          i += 2;
          break;
        }
        default:
          fail("unknown escape");
      }
    }
    return out;
  }
  Turn& turn_for_client() {
    bool const fresh = dialogue.turns.empty() || !dialogue.turns.back().server.empty() ||
                       dialogue.turns.back().event != Event::none;
    if (fresh) dialogue.turns.push_back({{}, Event::none, {}, line});
    return dialogue.turns.back();
  }
  void read_line(std::string_view text);
  void directive(std::string_view text);
  bool setting(std::string_view key, std::string_view value);
  bool peer(std::string_view key, std::string_view value);
  bool event(std::string_view key, std::string_view value);
  void rule(std::string_view text);
};

void set_role(World& world, std::string_view role, Reader const& reader) {
  using server::Role;
  std::map<std::string_view, Role> const roles{{"relay", Role::relay},
                                               {"submission", Role::submission},
                                               {"submissions", Role::submissions},
                                               {"submission-alt", Role::submission_alt}};
  auto const found = roles.find(role);
  if (found == roles.end()) reader.fail("unknown role");
  world.settings.role = world.facts.role = found->second;
  bool const submission = found->second != Role::relay;
  world.settings.auth_offered = world.settings.tls_required = submission;
  world.settings.starttls_offered = true;
  world.facts.tls.active = world.facts.tls.implicit = found->second == Role::submissions;
}

/// "code status text" with "\n" between lines.
smtp::Reply reply_of(std::string_view text, Reader const& reader) {
  auto const parts = ascii::split(text, ' ');
  if (parts.size() < 2) reader.fail("verdict wants code, status, text");
  smtp::Reply reply;
  reply.code = static_cast<std::uint16_t>(reader.number(parts[0]));
  auto const digits = ascii::split(parts[1], '.');
  if (digits.size() != 3) reader.fail("status is a.b.c");
  reply.status = {static_cast<std::uint8_t>(reader.number(digits[0])),
                  static_cast<std::uint8_t>(reader.number(digits[1])),
                  static_cast<std::uint8_t>(reader.number(digits[2]))};
  auto const head = parts[0].size() + parts[1].size() + 2;
  if (text.size() > head) reply.text = reader.unescape(text.substr(head));
  return reply;
}

/// "at STAGE [<address>] ACTION [code status text]"
void Reader::rule(std::string_view text) {
  using server::Action;
  using server::Stage;
  std::map<std::string_view, Stage> const stages{
      {"connect", Stage::connect}, {"ehlo", Stage::ehlo},     {"mail", Stage::mail},
      {"rcpt", Stage::rcpt},       {"header", Stage::header}, {"end_of_data", Stage::end_of_data}};
  std::map<std::string_view, Action> const actions{
      {"accept", Action::accept}, {"defer", Action::defer},     {"reject", Action::reject},
      {"hold", Action::hold},     {"discard", Action::discard}, {"disconnect", Action::disconnect}};
  auto const take = [&] {
    auto const end = text.find(' ');
    auto const word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return word;
  };
  Rule rule;
  auto const stage = stages.find(take());
  if (stage == stages.end()) fail("unknown stage");
  rule.stage = stage->second;
  if (text.starts_with('<')) {
    auto const word = take();
    rule.address = std::string{word.substr(1, word.size() - 2)};
  }
  auto const action = actions.find(take());
  if (action == actions.end()) fail("unknown action");
  rule.verdict.action = action->second;
  if (!text.empty()) rule.verdict.reply = reply_of(text, *this);
  dialogue.world.rules.push_back(std::move(rule));
}

bool Reader::setting(std::string_view key, std::string_view value) {
  server::Settings& settings = dialogue.world.settings;
  std::map<std::string_view, std::size_t*> const numbers{
      {"recipients", &settings.recipients_max},
      {"errors", &settings.errors_max},
      {"commands", &settings.commands_max},
      {"transactions", &settings.transactions_max},
      {"auth-failures", &settings.auth_failures_max}};
  if (auto const found = numbers.find(key); found != numbers.end()) {
    *found->second = number(value);
  } else if (key == "size") {
    settings.message_octets_max = number(value);
  } else if (key == "no-starttls") {
    settings.starttls_offered = false;
  } else if (key == "sandbox") {
    settings.auth_in_clear = true;
    settings.tls_required = false;
  } else if (key == "mechanisms") {
    settings.mechanisms.clear();
    for (auto const word : ascii::split(value, ' ')) {
      auto const name = sasl::mechanism_named(word);
      if (!name) fail("unknown mechanism");
      settings.mechanisms.push_back(*name);
    }
  } else if (key == "probe-ports") {
    for (auto const word : ascii::split(value, ' ')) {
      settings.probe_ports.push_back(static_cast<std::uint16_t>(number(word)));
    }
  } else if (key == "offers") {
    for (auto const word : ascii::split(value, ' ')) {
      settings.futurerelease |= word == "futurerelease";
      settings.mt_priority |= word == "mt-priority";
      settings.deliverby |= word == "deliverby";
    }
  } else {
    return false;
  }
  return true;
}

bool Reader::peer(std::string_view key, std::string_view value) {
  server::PeerFacts& peer_facts = dialogue.world.facts.peer;
  if (key == "peer") {
    auto const address = IpAddress::parse(value);
    if (!address) fail("bad address");
    peer_facts.peer.address = *address;
  } else if (key == "peer-name") {
    peer_facts.host_name = std::string{value};
  } else if (key == "trusted") {
    peer_facts.trusted = true;
  } else if (key == "xclient") {
    peer_facts.may_xclient = true;
  } else if (key == "xclient-login") {
    peer_facts.may_xclient = peer_facts.xclient_login = true;
  } else if (key == "normalise") {
    peer_facts.normalise_lines = true;
  } else if (key == "certificate") {
    dialogue.world.facts.tls.client_identity = std::string{value};
  } else if (key == "tls") {
    dialogue.world.facts.tls.active = dialogue.world.facts.tls.implicit = true;
  } else {
    return false;
  }
  return true;
}

bool Reader::event(std::string_view key, std::string_view value) {
  std::map<std::string_view, Event> const events{
      {"timeout", Event::timeout}, {"close", Event::close}, {"shutdown", Event::shutdown}};
  if (key == "hangup") {
    dialogue.hangup = std::string{value};
    return true;
  }
  auto const found = events.find(key);
  if (found == events.end()) return false;
  dialogue.turns.push_back({{}, found->second, {}, line});
  return true;
}

void Reader::directive(std::string_view text) {
  World& world = dialogue.world;
  auto const space = text.find(' ');
  auto const key = text.substr(0, space);
  auto const value = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
  if (event(key, value) || setting(key, value) || peer(key, value)) return;
  if (key == "from") {
    dialogue.source = std::string{value};
  } else if (key == "role") {
    set_role(world, value, *this);
  } else if (key == "at") {
    rule(value);
  } else if (key == "account") {
    auto const words = ascii::split(value, ' ');
    if (words.size() != 2) fail("account wants user and password");
    world.accounts.emplace_back(words[0], words[1]);
  } else if (key == "early") {
    world.early += unescape(value);
  } else if (key == "probe") {
    using server::ProbeResult;
    std::map<std::string_view, ProbeResult> const refusals{{"not-public", ProbeResult::not_public},
                                                           {"too-many", ProbeResult::too_many},
                                                           {"busy", ProbeResult::busy}};
    auto const refusal = refusals.find(value);
    if (refusal != refusals.end()) world.probe = {refusal->second, {}};
    if (refusal == refusals.end()) world.probe.facts = unescape(value);
  } else if (key == "logins-unavailable") {
    world.logins_unavailable = true;
  } else if (key == "nothing-stored") {
    dialogue.checks_stored = true;
  } else if (key == "commit") {
    world.commit = value == "no_space"   ? server::CommitResult::deferred_no_space
                   : value == "overload" ? server::CommitResult::deferred_overload
                                         : server::CommitResult::deferred_fault;
  } else if (key == "sink") {
    world.sink = value == "no_space" ? server::SinkAnswer::no_space : server::SinkAnswer::failed;
  } else {
    fail("unknown directive");
  }
}

void Reader::read_line(std::string_view text) {
  auto const body = text.size() > 3 ? text.substr(3) : std::string_view{};
  if (text.empty()) return;
  if (text.starts_with('#')) {
    if (dialogue.title.empty()) dialogue.title = std::string{ascii::trim(text.substr(1))};
  } else if (text.starts_with("! ")) {
    directive(text.substr(2));
  } else if (text.starts_with("C: ") || text == "C:") {
    turn_for_client().client += unescape(body) + "\r\n";
  } else if (text.starts_with("C- ")) {
    turn_for_client().client += unescape(body);
  } else if (text.starts_with("C* ")) {  // "C* 300 text": the text so many times, no line end
    auto const space = body.find(' ');
    std::string const piece = unescape(body.substr(space + 1));
    Turn& turn = turn_for_client();
    for (std::size_t i = number(body.substr(0, space)); i > 0; --i) turn.client += piece;
  } else if (text.starts_with("S: ") || text.starts_with("S* ")) {
    if (dialogue.turns.empty()) dialogue.turns.push_back({{}, Event::none, {}, line});
    dialogue.turns.back().server.push_back((text[1] == '*' ? "*" : " ") + unescape(body));
  } else if (text.starts_with("M: ") || text == "M:") {  // the last message's next line
    dialogue.checks_stored = true;
    if (dialogue.stored.empty()) dialogue.stored.emplace_back();
    dialogue.stored.back() += unescape(body) + "\r\n";
  } else if (text == "M=") {  // a further message begins
    dialogue.checks_stored = true;
    dialogue.stored.emplace_back();
  } else if (text.starts_with("E: ")) {
    dialogue.envelopes.emplace_back(unescape(body));
  } else if (text.starts_with("T: ")) {
    dialogue.traces.emplace_back(unescape(body));
  } else {
    fail("unknown kind of line");
  }
}
}  // namespace

Dialogue read_dialogue(std::filesystem::path const& file) {
  Reader reader;
  reader.file = file;
  World& world = reader.dialogue.world;
  world.settings.hostname = "mx.example";
  world.settings.starttls_offered = true;
  world.settings.mechanisms = {sasl::MechanismName::plain, sasl::MechanismName::login};
  world.facts.peer.peer.address = IpAddress::parse("192.0.2.1").value();
  world.facts.session = SessionId{1};
  std::ifstream in{file, std::ios::binary};
  if (!in) reader.fail("cannot be read");
  std::string text;
  while (std::getline(in, text)) {
    ++reader.line;
    reader.read_line(text);
  }
  if (reader.dialogue.title.empty()) reader.fail("begins with a comment that says what it shows");
  return std::move(reader.dialogue);
}

std::size_t client_octets(Dialogue const& dialogue) {
  std::size_t octets = 0;
  for (Turn const& turn : dialogue.turns) octets += turn.client.size();
  return octets;
}
}  // namespace pb::dialogues
