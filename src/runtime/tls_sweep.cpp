// tls_sweep.cpp: see tls_sweep.hpp. Each cipher that the server picks is taken off the next offer.
// Spec: RFC 3207; RFC 5246 §7.4.1.3 (the server picks one).
// Tests: tests/end_to_end/probe_deep_test.py
#include "runtime/tls_sweep.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>

#include "runtime/talk_line.hpp"

namespace pb::runtime {
using advisor::Millis;
using Clock = std::chrono::steady_clock;
namespace {
constexpr std::size_t ciphers_max = 14;

class Sweep {
 public:
  explicit Sweep(SweepSettings const& settings)
      : settings_{settings}, end_{Clock::now() + settings.timeout} {}
  std::vector<advisor::SweptVersion> run();

 private:
  [[nodiscard]] Millis left() const {
    auto const left = std::chrono::duration_cast<Millis>(end_ - Clock::now());
    return std::clamp(left, Millis{0}, Millis{5000});
  }
  /// The last line of a reply begins with this digit.
  bool reply(TalkLine& line, char digit);
  /// Up to the point where TLS begins.
  bool lead_up(TalkLine& line);
  /// The cipher that the server picks; empty: it speaks no such TLS.
  std::string pick(TlsOffer const& offer);

  SweepSettings const& settings_;
  Clock::time_point end_;
  TrustStore store_{""};
  bool reachable_ = true;
};

bool Sweep::reply(TalkLine& line, char digit) {
  auto const lines = line.read_reply(left());
  return lines && lines->back().starts_with(digit);
}

bool Sweep::lead_up(TalkLine& line) {
  if (settings_.implicit_tls) return true;
  return reply(line, '2') && line.send("EHLO " + settings_.ehlo_name + "\r\n") &&
         reply(line, '2') && line.send("STARTTLS\r\n") && reply(line, '2') && !line.anything_left();
}

std::string Sweep::pick(TlsOffer const& offer) {
  if (left().count() == 0) return {};
  auto line = TalkLine::open(settings_.host, settings_.port);
  reachable_ = line && lead_up(*line);
  if (!reachable_) return {};
  auto const facts = line->start_tls(store_, settings_.host, 0, left(), offer);
  return facts.handshake == advisor::Handshake::ok ? facts.cipher : std::string{};
}

std::vector<advisor::SweptVersion> Sweep::run() {
  struct Row {
    int version;
    char const* name;
  };
  constexpr Row rows[] = {{TLS1_VERSION, "TLS 1.0"},
                          {TLS1_1_VERSION, "TLS 1.1"},
                          {TLS1_2_VERSION, "TLS 1.2"},
                          {TLS1_3_VERSION, "TLS 1.3"}};
  std::vector<advisor::SweptVersion> out;
  for (auto const& row : rows) {
    advisor::SweptVersion swept{.version = row.name, .ciphers = {}};
    TlsOffer offer{.version = row.version, .ciphers = "ALL:!aNULL:!eNULL"};
    bool const several = row.version == TLS1_2_VERSION;
    for (std::size_t i = 0; i < (several ? ciphers_max : 1); ++i) {
      std::string const cipher = pick(offer);
      if (cipher.empty()) break;
      swept.ciphers.push_back(cipher);
      offer.ciphers += ":!" + cipher;
    }
    // A server that no longer lets us in says nothing about its TLS.
    if (!reachable_ && swept.ciphers.empty()) break;
    if (left().count() == 0 && swept.ciphers.empty()) break;
    swept.spoken = !swept.ciphers.empty();
    out.push_back(std::move(swept));
  }
  return out;
}
}  // namespace

std::vector<advisor::SweptVersion> sweep_tls(SweepSettings const& settings) {
  return Sweep{settings}.run();
}
}  // namespace pb::runtime
