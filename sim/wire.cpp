// wire.cpp: see wire.hpp.                                                Spec: none of its own.
#include "sim/wire.hpp"

#include <algorithm>
#include <utility>

namespace pb::sim {
Wire::Wire(Timeline& time, SimRandom& random, std::uint64_t number, WireFaults faults)
    : time_{time},
      random_{random},
      number_{number},
      faults_{faults},
      latency_{random.between(Duration{1}, Duration{60})} {}

Instant Wire::arrival(Side to) {
  Duration wait = latency_;
  if (random_.hits(faults_.slow)) wait += random_.between(Duration{100}, std::chrono::minutes{2});
  End& end = ends_[index(to)];
  end.last_arrival = std::max(end.last_arrival, time_.now() + wait);
  return end.last_arrival;
}

void Wire::put(Side to, std::string bytes) {
  End& end = ends_[index(to)];
  if (!end.coming.empty() && random_.hits(faults_.merge)) {
    end.coming.back() += bytes;
    return;
  }
  end.coming.push_back(std::move(bytes));
  time_.at(arrival(to), [self = shared_from_this(), to] { self->arrive(to); });
}

void Wire::arrive(Side to) {
  End& end = ends_[index(to)];
  if (end.coming.empty()) return;
  std::string const bytes = std::move(end.coming.front());
  end.coming.pop_front();
  if (broken_ || end.party == nullptr) return;
  if (end.shaking) return shake_hands({false, false});
  end.party->on_bytes(bytes);
}

void Wire::send(Side from, std::string bytes) {
  if (broken_ || stalled_ || bytes.empty()) return;
  octets_ += bytes.size();
  bool const cut = faults_.reset_after != 0 && octets_ >= faults_.reset_after;
  stalled_ = faults_.stall_after != 0 && octets_ >= faults_.stall_after;
  if (cut || stalled_) bytes.resize(random_.below(bytes.size() + 1));
  Side const to = other(from);
  while (bytes.size() > 1 && random_.hits(faults_.split)) {
    std::size_t const piece = 1 + random_.below(bytes.size() - 1);
    put(to, bytes.substr(0, piece));
    bytes.erase(0, piece);
  }
  if (!bytes.empty()) put(to, std::move(bytes));
  if (cut) time_.at(ends_[index(to)].last_arrival, [self = shared_from_this()] { self->reset(); });
}

void Wire::close(Side side) {
  ends_[index(side)].party = nullptr;
  if (broken_ || stalled_) return;
  time_.at(arrival(other(side)),
           [self = shared_from_this(), to = other(side)] { self->tell_gone(to); });
}

void Wire::reset() {
  if (std::exchange(broken_, true)) return;
  time_.note("reset", number_, octets_);
  tell_gone(Side::client);
  tell_gone(Side::server);
}

void Wire::tell_gone(Side to) {
  End& end = ends_[index(to)];
  if (std::exchange(end.told, true) || end.party == nullptr) return;
  end.party->on_gone();
}

void Wire::handshake(Side side, Handshake offered) {
  ends_[index(side)].shaking = true;
  if (side == Side::server) offered_ = offered;
  bool const early = !ends_[index(side)].coming.empty();
  if (!ends_[0].shaking || !ends_[1].shaking) return;
  Handshake const result = early ? Handshake{false, false} : offered_;
  if (stalled_) return;
  time_.at(time_.now() + 2 * latency_, [self = shared_from_this(), result] {
    if (!self->broken_) self->shake_hands(result);
  });
}

void Wire::shake_hands(Handshake result) {
  encrypted_ = result.works;
  time_.note("handshake", number_, result.works, result.trusted ? "trusted" : "");
  for (End& end : ends_) {
    if (!std::exchange(end.shaking, false) || end.party == nullptr) continue;
    end.party->on_handshake(result);
  }
}
}  // namespace pb::sim
