// security_choice.hpp: nobody fails for choosing the wrong security setting: when a listener waits
// for a ClientHello before it greets, when it greets in the clear, and what it then says in the
// log. Spec: RFC 8314 §3.3 (implicit TLS), RFC 3207; docs/reference/roles.md. Tests:
// security_choice_test.cpp Not here: looking at the socket (runtime/smtp_connection), whether AUTH
// is allowed (smtp/server).
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/ip.hpp"
#include "smtp/server/facts.hpp"

namespace pb::policy {
/// How long the greeting waits for a peer's first bytes.
struct OpeningWaits {
  Duration hello_first{50};     // 587: an address that we do not know
  Duration hello_known{2000};   // 587: it sent a ClientHello after our greeting before
  Duration hello_max{5000};     // 587: that one had come later still
  Duration hello_margin{1000};  // on top of how late it was
  Duration silence{10'000};     // 465: then we greet in the clear
};
inline constexpr Duration memory_lasts = std::chrono::hours{24};

/// What an address did before on our submission ports.
struct ClientHabits {
  bool waited_for_greeting = false;  // spoke SMTP first, in the clear
  bool hello_in_time = false;        // began with a ClientHello, and we had waited for it
  /// How long after connecting its ClientHello came when we had greeted already; zero: never.
  Duration late_hello{0};
  friend bool operator==(ClientHabits const&, ClientHabits const&) = default;
};

/// What the first bytes of a connection were, or that none came within Opening::wait.
enum class FirstBytes : std::uint8_t { none, client_hello, other };

struct ListenerKind {
  smtp::server::Role role = smtp::server::Role::relay;
  smtp::server::Security security = smtp::server::Security::automatic;
  bool tls_available = false;
};

/// Before the greeting: how long to wait for the peer's first bytes. Zero: look, do not wait.
struct Opening {
  bool look = false;  // false: greet, whatever is there (relay; strict with a greeting; no TLS)
  Duration wait{0};
};
Opening opening_for(ListenerKind const& kind, ClientHabits const& habits,
                    OpeningWaits const& waits = {});

enum class Move : std::uint8_t {
  greet,         // in the clear, as the port should
  handshake,     // TLS now, greet inside
  greet_anyway,  // in the clear on a port that begins with TLS; STARTTLS is offered
  refuse_clear   // strict: say in the clear that this port begins with TLS, and close
};
Move move_for(ListenerKind const& kind, FirstBytes first);

/// The client's setting and the one that fits this port, in the words that mail programs use;
/// empty: it has the right one.
struct SettingAdvice {
  std::string_view has;
  std::string_view should;
};
SettingAdvice advice_for(ListenerKind const& kind, Move move);

/// Habits by network (/32 or /64), for 24 h, bounded: the longest unseen goes first.
class SecurityMemory {
 public:
  explicit SecurityMemory(std::size_t networks_max = 65'536) : networks_max_{networks_max} {}
  [[nodiscard]] ClientHabits recall(IpAddress const& address, Instant now) const;
  void note_waited(IpAddress const& address, Instant now);
  /// Renews the longer wait of an address that needs it, else it would fail once a day.
  void note_hello_in_time(IpAddress const& address, Duration after_connect, Instant now);
  void note_late_hello(IpAddress const& address, Duration after_connect, Instant now);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::optional<Instant> waited, hello, late;
    Duration late_by{0};
    std::list<Network>::iterator place;
  };
  Entry& touch(IpAddress const& address);

  std::size_t networks_max_;
  std::list<Network> by_age_;  // the one longest unseen in front
  std::map<Network, Entry> entries_;
};
}  // namespace pb::policy
