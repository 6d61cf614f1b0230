// wire.hpp: a connection between two parties: bytes in pieces, late, lost; a TLS handshake.
// Spec: in order, or not at all.          Not here: who talks (link.hpp).
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "sim/timeline.hpp"

namespace pb::sim {
enum class Side : std::uint8_t { client = 0, server = 1 };
constexpr Side other(Side side) { return side == Side::client ? Side::server : Side::client; }

/// What the server's end has to show in a handshake.
struct Handshake {
  bool works = true;
  bool trusted = true;
};

/// One end of a wire. Called from the timeline, never from within its own call of the wire.
class Party {
 public:
  virtual ~Party() = default;
  virtual void on_bytes(std::string_view bytes) = 0;
  virtual void on_gone() = 0;
  virtual void on_handshake(Handshake result) = 0;
};

/// Zero: never.
struct WireFaults {
  std::uint64_t reset_after = 0;  // octets of both directions; then both ends are told
  std::uint64_t stall_after = 0;  // octets; then nothing arrives any more, and nobody is told
  std::uint32_t split = 0;        // of a thousand writes
  std::uint32_t merge = 0;
  std::uint32_t slow = 0;
};

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  Wire(Timeline& time, SimRandom& random, std::uint64_t number, WireFaults faults);
  void attach(Side side, Party* party) { ends_[index(side)].party = party; }
  /// This end is no more; the other learns it, behind what was sent.
  void close(Side side);
  /// Both learn it now; what is under way is lost.
  void reset();
  void send(Side from, std::string bytes);
  /// Bytes that come before the handshake is over break it.
  void handshake(Side side, Handshake offered = {});
  [[nodiscard]] bool encrypted() const { return encrypted_; }
  [[nodiscard]] bool trusted() const { return offered_.trusted; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] Duration latency() const { return latency_; }

 private:
  struct End {
    Party* party = nullptr;
    std::deque<std::string> coming;
    Instant last_arrival{};
    bool shaking = false;
    bool told = false;  // that the other is gone
  };
  static std::size_t index(Side side) { return static_cast<std::size_t>(side); }
  void put(Side to, std::string bytes);
  void arrive(Side to);
  void tell_gone(Side to);
  void shake_hands(Handshake result);
  Instant arrival(Side to);

  Timeline& time_;
  SimRandom& random_;
  std::uint64_t number_;
  WireFaults faults_;
  Duration latency_;
  End ends_[2];
  Handshake offered_;
  std::uint64_t octets_ = 0;
  bool encrypted_ = false;
  bool stalled_ = false;
  bool broken_ = false;
};
}  // namespace pb::sim
