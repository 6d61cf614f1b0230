// session_fuzz.cpp: whole sessions: no crash, nothing stored but CRLF lines, and the same
// transcript whole and split.          Spec: RFC 5321; smtp/server/session.hpp (invariants).
// Covers: src/smtp/server/session.cpp src/smtp/server/receive.cpp src/smtp/server/mail.cpp
// Covers: src/smtp/server/rcpt.cpp src/smtp/server/bdat.cpp src/smtp/server/auth.cpp
// Covers: src/smtp/server/ehlo.cpp src/smtp/server/xclient.cpp src/smtp/server/edit.cpp
// Covers: src/smtp/server/commands.cpp src/smtp/server/starttls.cpp src/smtp/server/xprobe.cpp
//
// Input: an octet of settings, one of verdicts, a step; then what the client says.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "driver.hpp"

namespace {
using namespace pb;
using namespace pb::dialogues;
using server::Action;
using server::Stage;

World make_world(unsigned settings, unsigned verdicts) {
  World world;
  world.settings.hostname = "mx.example";
  world.settings.message_octets_max = 4096;
  world.settings.recipients_max = 3;
  world.settings.mechanisms = {sasl::MechanismName::plain, sasl::MechanismName::login,
                               sasl::MechanismName::scram_sha_256, sasl::MechanismName::external};
  world.settings.auth_offered = (settings & 1) != 0;
  world.settings.role = (settings & 1) != 0 ? server::Role::submission : server::Role::relay;
  world.facts.tls.active = (settings & 2) != 0;
  world.settings.tls_required = (settings & 5) == 5;
  world.settings.auth_in_clear = (settings & 8) != 0;
  world.facts.peer.normalise_lines = (settings & 16) != 0;
  world.facts.peer.may_xclient = (settings & 32) != 0;
  world.facts.peer.xclient_login = (settings & 64) != 0;
  world.facts.peer.trusted = (settings & 128) != 0;
  world.settings.futurerelease = world.settings.mt_priority = world.settings.deliverby = true;
  world.settings.probe_ports = {587};
  world.accounts = {{"user", "secret"}};
  world.logins_unavailable = (verdicts & 64) != 0;
  if ((verdicts & 7) < 6) {
    constexpr Stage stages[]{Stage::connect, Stage::ehlo,   Stage::mail,
                             Stage::rcpt,    Stage::header, Stage::end_of_data};
    constexpr Action actions[]{Action::reject, Action::defer, Action::hold, Action::disconnect};
    Rule rule{stages[verdicts & 7], "", {}};
    rule.verdict.action = actions[verdicts >> 3 & 3];
    rule.verdict.reply = smtp::reply::policy_reject;
    world.rules.push_back(rule);
  }
  if ((verdicts & 32) != 0) world.sink = server::SinkAnswer::no_space;
  if ((verdicts & 128) != 0) world.commit = server::CommitResult::deferred_fault;
  return world;
}

void check_stored(Stored const& stored) {
  std::string const text = stored.message.trace + stored.text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') PB_CHECK(i > 0 && text[i - 1] == '\r');
    if (text[i] == '\r') PB_CHECK(i + 1 < text.size() && text[i + 1] == '\n');
  }
  PB_CHECK(!stored.message.envelope.forward_paths.empty());
  PB_CHECK(stored.message.envelope.forward_paths.size() <= 3);
}

/// How it ends when the client has nothing more to say.
enum class End : std::uint8_t { none, closed, timeout, shutdown };

std::string transcript(World const& world, std::string_view client, std::size_t step,
                       End end = End::none) {
  Driver driver{world};
  for (std::size_t at = 0; at < client.size() && !driver.hangup(); at += step) {
    driver.feed(client.substr(at, step));
  }
  if (!driver.hangup() && end == End::closed) driver.close();
  if (!driver.hangup() && end == End::timeout) driver.timeout();
  if (!driver.hangup() && end == End::shutdown) driver.shutdown();
  PB_CHECK(driver.hangup() || end == End::none || end == End::shutdown);
  std::string out = driver.take_output();
  for (Stored const& stored : driver.stored()) {
    check_stored(stored);
    out += "\n--\n" + stored.message.trace + stored.text();
  }
  return out + (driver.hangup() ? "closed " + std::to_string(static_cast<int>(*driver.hangup()))
                                : "open");
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 3 || size > 8192) return 0;
  World world = make_world(data[0], data[1]);
  std::size_t const step = data[2] % 32 + 1;
  std::string_view const client{reinterpret_cast<char const*>(data) + 3, size - 3};
  // STARTTLS sees whether more has come with it, so it cannot be the same whole and split.
  std::string const whole = transcript(world, client, client.size() + 1);
  PB_CHECK(transcript(world, client, step) == whole);
  world.settings.starttls_offered = true;
  transcript(world, client, client.size() + 1, static_cast<End>(data[2] >> 6));
  return 0;
}
