// play.cpp: plays a dialogue whole or cut, and compares what came of it.
// Spec: README.md beside this file.                            Not here: reading (dialogue.cpp).
#include <fmt/core.h>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "dialogue.hpp"

namespace pb::dialogues {
namespace {
/// An attack on STARTTLS is one packet: behind its line no cut is made (what comes later by itself
/// is the handshake's first bytes, and that is the runtime's matter).
std::size_t cuttable(std::string_view client) {
  auto const at = ascii::to_upper(client).find("STARTTLS\r\n");
  if (at == std::string_view::npos || at + 10 == client.size()) return client.size();
  return at;
}

void feed_cut(Driver& driver, std::string_view client, Cuts cuts, std::size_t before) {
  std::size_t const last = cuttable(client);
  if (cuts.each) {
    for (std::size_t i = 0; i < last; ++i) driver.feed(client.substr(i, 1));
    if (last != client.size()) driver.feed(client.substr(last));
    return;
  }
  bool const here = cuts.at > before && cuts.at - before < last;
  if (here) driver.feed(client.substr(0, cuts.at - before));
  driver.feed(here ? client.substr(cuts.at - before) : client);
}

std::string notify_text(mail::DsnNotify const& notify) {
  if (!notify.specified) return {};
  std::string out;
  if (notify.never) out += ",NEVER";
  if (notify.success) out += ",SUCCESS";
  if (notify.failure) out += ",FAILURE";
  if (notify.delay) out += ",DELAY";
  return " notify=" + out.substr(out.empty() ? 0 : 1);
}

/// The file's line against what was sent: "..." at its end stands for any rest.
bool matches(std::string_view wanted, std::string_view line) {
  if (wanted.ends_with("...")) return line.starts_with(wanted.substr(0, wanted.size() - 3));
  return wanted == line;
}

std::string compare_turn(Turn const& turn, std::string_view sent) {
  for (std::string const& wanted : turn.server) {
    bool more = true;
    while (more) {
      auto const end = sent.find("\r\n");
      if (end == std::string_view::npos) {
        return fmt::format("line {}: wanted \"{}\", got nothing", turn.line, wanted.substr(1));
      }
      auto const line = sent.substr(0, end);
      sent.remove_prefix(end + 2);
      bool const whole_reply = wanted.front() == '*';
      bool const fits = whole_reply ? line.starts_with(std::string_view{wanted}.substr(1))
                                    : matches(std::string_view{wanted}.substr(1), line);
      if (!fits) {
        return fmt::format("line {}: wanted \"{}\", got \"{}\"", turn.line, wanted.substr(1),
                           escape_for_display(line, 600));
      }
      more = whole_reply && line.size() > 3 && line[3] == '-';
    }
  }
  if (sent.empty()) return {};
  return fmt::format("line {}: more was sent: \"{}\"", turn.line, escape_for_display(sent, 600));
}
}  // namespace

std::string envelope_text(mail::Envelope const& envelope) {
  std::string out = fmt::format("from=<{}>", envelope.reverse_path.text());
  for (mail::ForwardPath const& path : envelope.forward_paths) {
    out += fmt::format(" to=<{}>{}", path.mailbox.text(), notify_text(path.notify));
    if (!path.original_recipient.empty()) out += " orcpt=" + path.original_recipient;
  }
  if (envelope.body_type == mail::BodyType::eight_bit_mime) out += " body=8BITMIME";
  if (envelope.smtputf8) out += " smtputf8";
  if (envelope.declared_octets) out += fmt::format(" size={}", *envelope.declared_octets);
  if (!envelope.envelope_id.empty()) out += " envid=" + envelope.envelope_id;
  if (envelope.dsn_return == mail::DsnReturn::full) out += " ret=FULL";
  if (envelope.dsn_return == mail::DsnReturn::headers) out += " ret=HDRS";
  if (envelope.auth_identity) out += fmt::format(" auth=<{}>", *envelope.auth_identity);
  Instant const now = FixedClock{}.now();
  auto const seconds = [&](Instant at) {
    return std::chrono::duration_cast<std::chrono::seconds>(at - now).count();
  };
  if (envelope.hold_until) out += fmt::format(" hold={}s", seconds(*envelope.hold_until));
  if (envelope.deliver_by) {
    out +=
        fmt::format(" by={}s;{}{}", seconds(*envelope.deliver_by),
                    envelope.deliver_by_return ? "R" : "N", envelope.deliver_by_trace ? "T" : "");
  }
  if (envelope.priority != 0) out += fmt::format(" priority={}", envelope.priority);
  return out;
}

std::string_view name_of(server::HangupReason reason) {
  using server::HangupReason;
  switch (reason) {
    case HangupReason::quit:
      return "quit";
    case HangupReason::end_of_input:
      return "end_of_input";
    case HangupReason::timeout:
      return "timeout";
    case HangupReason::refused:
      return "refused";
    case HangupReason::too_many_errors:
      return "too_many_errors";
    case HangupReason::early_talker:
      return "early_talker";
    case HangupReason::not_smtp:
      return "not_smtp";
    case HangupReason::injected_plaintext:
      return "injected_plaintext";
    case HangupReason::bare_line_end:
      return "bare_line_end";
    case HangupReason::tls_failed:
      return "tls_failed";
    case HangupReason::shutting_down:
      return "shutting_down";
  }
  return "";
}

Transcript play(Dialogue const& dialogue, Cuts cuts) {
  Driver driver{dialogue.world};
  Transcript transcript;
  std::size_t before = 0;
  for (Turn const& turn : dialogue.turns) {
    if (!turn.client.empty()) feed_cut(driver, turn.client, cuts, before);
    before += turn.client.size();
    switch (turn.event) {
      case Event::none:
        break;
      case Event::timeout:
        driver.timeout();
        break;
      case Event::close:
        driver.close();
        break;
      case Event::shutdown:
        driver.shutdown();
        break;
    }
    transcript.sent.push_back(driver.take_output());
  }
  for (Stored const& stored : driver.stored()) {
    transcript.end += fmt::format("E: {}\nT: {}\n{}\n", envelope_text(stored.message.envelope),
                                  stored.message.trace, stored.text());
  }
  transcript.end += driver.hangup() ? name_of(*driver.hangup()) : "open";
  return transcript;
}

std::string compare(Dialogue const& dialogue, Transcript const& transcript) {
  for (std::size_t i = 0; i < dialogue.turns.size(); ++i) {
    if (auto difference = compare_turn(dialogue.turns[i], transcript.sent[i]);
        !difference.empty()) {
      return difference;
    }
  }
  // The end: exactly what the file names of it.
  Driver driver{dialogue.world};
  for (Turn const& turn : dialogue.turns) {
    if (!turn.client.empty()) driver.feed(turn.client);
    if (turn.event == Event::timeout) driver.timeout();
    if (turn.event == Event::close) driver.close();
    if (turn.event == Event::shutdown) driver.shutdown();
  }
  std::string const end{driver.hangup() ? name_of(*driver.hangup()) : "open"};
  if (dialogue.hangup && *dialogue.hangup != end) {
    return fmt::format("wanted the end \"{}\", got \"{}\"", *dialogue.hangup, end);
  }
  auto const& stored = driver.stored();
  if (dialogue.checks_stored && stored.size() != dialogue.stored.size()) {
    return fmt::format("wanted {} messages, got {}", dialogue.stored.size(), stored.size());
  }
  for (std::size_t i = 0; i < dialogue.stored.size(); ++i) {
    if (stored[i].text() == dialogue.stored[i]) continue;
    return fmt::format("message {} is\n{}\nwanted\n{}", i + 1, stored[i].text(),
                       dialogue.stored[i]);
  }
  for (std::size_t i = 0; i < dialogue.envelopes.size(); ++i) {
    std::string const found =
        i < stored.size() ? envelope_text(stored[i].message.envelope) : "no message";
    if (found != dialogue.envelopes[i]) return "envelope is " + found;
  }
  for (std::string const& trace : dialogue.traces) {
    if (stored.empty() || stored[0].message.trace.find(trace) == std::string::npos) {
      return "trace is " + (stored.empty() ? std::string{} : stored[0].message.trace);
    }
  }
  return {};
}
}  // namespace pb::dialogues
