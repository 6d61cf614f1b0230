// security_choice.cpp: the table of what happens before the greeting, and the memory behind it.
// Spec: RFC 8314 §3.3, RFC 3207 §4.                                 Not here: sockets.
#include "policy/security_choice.hpp"

#include <algorithm>

namespace pb::policy {
namespace {
using smtp::server::Role;
using smtp::server::Security;

bool begins_with_tls(Role role) { return role == Role::submissions; }

/// Servers that speak to port 25 greet late and in the clear, all of them: no wait, no look.
bool may_adapt(ListenerKind const& kind) {
  return kind.role != Role::relay && kind.tls_available && kind.security == Security::automatic;
}
}  // namespace

Opening opening_for(ListenerKind const& kind, ClientHabits const& habits,
                    OpeningWaits const& waits) {
  if (begins_with_tls(kind.role)) return {true, waits.silence};
  if (!may_adapt(kind)) return {};
  // Behind one address may sit both kinds of clients. Two seconds cost the patient one little; a
  // greeting too early costs the other its mail.
  if (habits.late_hello > Duration{0}) {
    Duration needed = habits.late_hello + waits.hello_margin;
    return {true, std::clamp(needed, waits.hello_known, waits.hello_max)};
  }
  if (habits.waited_for_greeting && !habits.hello_in_time) return {true, Duration{0}};
  return {true, waits.hello_first};
}

Move move_for(ListenerKind const& kind, FirstBytes first) {
  if (!begins_with_tls(kind.role)) {
    bool hello = first == FirstBytes::client_hello && may_adapt(kind);
    return hello ? Move::handshake : Move::greet;
  }
  // One byte, whatever it is, and the handshake it shall be: else anyone on the way could hold a
  // ClientHello back and turn TLS into clear text.
  if (first != FirstBytes::none) return Move::handshake;
  return may_adapt(kind) ? Move::greet_anyway : Move::refuse_clear;
}

SettingAdvice advice_for(ListenerKind const& kind, Move move) {
  switch (move) {
    case Move::greet:
      return {};
    case Move::handshake:
      if (begins_with_tls(kind.role)) return {};
      return {"SSL/TLS", "STARTTLS"};
    case Move::greet_anyway:
    case Move::refuse_clear:
      return {"STARTTLS or none", "SSL/TLS"};
  }
  return {};
}

ClientHabits SecurityMemory::recall(IpAddress const& address, Instant now) const {
  auto found = entries_.find(limit_network(address));
  if (found == entries_.end()) return {};
  auto fresh = [now](std::optional<Instant> const& when) {
    return when && now - *when < memory_lasts;
  };
  Entry const& entry = found->second;
  return {.waited_for_greeting = fresh(entry.waited),
          .hello_in_time = fresh(entry.hello),
          .late_hello = fresh(entry.late) ? entry.late_by : Duration{0}};
}

SecurityMemory::Entry& SecurityMemory::touch(IpAddress const& address) {
  Network network = limit_network(address);
  auto [found, added] = entries_.try_emplace(network);
  if (added) {
    found->second.place = by_age_.insert(by_age_.end(), network);
  } else {
    by_age_.splice(by_age_.end(), by_age_, found->second.place);
  }
  if (entries_.size() > networks_max_) {
    entries_.erase(by_age_.front());
    by_age_.pop_front();
  }
  return found->second;
}

void SecurityMemory::note_waited(IpAddress const& address, Instant now) {
  touch(address).waited = now;
}

void SecurityMemory::note_hello_in_time(IpAddress const& address, Duration after_connect,
                                        Instant now) {
  Entry& entry = touch(address);
  entry.hello = now;
  if (entry.late && after_connect > OpeningWaits{}.hello_first) {
    note_late_hello(address, after_connect, now);
  }
}

void SecurityMemory::note_late_hello(IpAddress const& address, Duration after_connect,
                                     Instant now) {
  Entry& entry = touch(address);
  bool fresh = entry.late && now - *entry.late < memory_lasts;
  entry.late_by = std::max({after_connect, Duration{1}, fresh ? entry.late_by : Duration{0}});
  entry.late = now;
}
}  // namespace pb::policy
