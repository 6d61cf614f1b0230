// timeline.hpp: simulated time: what happens next, and a record of what happened.
// Spec: none of its own; two runs of a seed have the same hash.          Not here: what happens.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sim/seeded.hpp"

namespace pb::sim {
/// A checker found a promise broken; ends the run of the seed.
struct Violation {
  std::string checker;
  std::string text;
};

class Timeline {
 public:
  using Action = std::function<void()>;
  [[nodiscard]] Instant now() const { return clock_.now(); }
  [[nodiscard]] Clock const& clock() const { return clock_; }
  void at(Instant when, Action action);
  void after(Duration wait, Action action) { at(now() + wait, std::move(action)); }
  /// False: nothing is left to happen.
  bool step();
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  /// Goes into the hash, and into what a failure prints. `what` is static text.
  void note(char const* what, std::uint64_t a = 0, std::uint64_t b = 0, std::string_view text = {});
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] std::vector<std::string> last_notes(std::size_t count) const;

 private:
  struct Event {
    Instant when;
    std::uint64_t number;  // what was ordered first happens first
    Action action;
  };
  static bool later(Event const& a, Event const& b) {
    return a.when != b.when ? a.when > b.when : a.number > b.number;
  }
  struct Note {
    Instant when;
    char const* what = nullptr;
    std::uint64_t a = 0, b = 0;
    std::array<char, 200> text{};
    std::uint8_t octets = 0;
  };
  SimClock clock_;
  std::vector<Event> heap_;
  std::uint64_t numbers_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
  std::array<Note, 256> notes_{};
  std::size_t noted_ = 0;
};
}  // namespace pb::sim
