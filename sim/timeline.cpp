// timeline.cpp: see timeline.hpp.                                        Spec: none of its own.
#include "sim/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/encoding.hpp"

namespace pb::sim {
void Timeline::at(Instant when, Action action) {
  heap_.push_back({std::max(when, now()), numbers_++, std::move(action)});
  std::ranges::push_heap(heap_, later);
}

bool Timeline::step() {
  if (heap_.empty()) return false;
  std::ranges::pop_heap(heap_, later);
  Event event = std::move(heap_.back());
  heap_.pop_back();
  clock_.set(event.when);
  ++steps_;
  event.action();
  return true;
}

void Timeline::note(char const* what, std::uint64_t a, std::uint64_t b, std::string_view text) {
  auto const mix = [this](std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0xff51afd7ed558ccdULL;
    hash_ ^= hash_ >> 32;
  };
  mix(static_cast<std::uint64_t>(now().time_since_epoch().count()));
  mix(static_cast<unsigned char>(what[0]) + (static_cast<std::uint64_t>(std::strlen(what)) << 8));
  mix(a);
  mix(b);
  for (std::size_t i = 0; i < text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, std::min<std::size_t>(8, text.size() - i));
    mix(word);
  }
  Note& note = notes_[noted_++ % notes_.size()];
  note.when = now();
  note.what = what;
  note.a = a;
  note.b = b;
  note.octets = static_cast<std::uint8_t>(std::min(text.size(), note.text.size()));
  std::copy_n(text.begin(), note.octets, note.text.begin());
}

std::vector<std::string> Timeline::last_notes(std::size_t count) const {
  std::vector<std::string> out;
  std::size_t const kept = std::min({count, noted_, notes_.size()});
  for (std::size_t i = noted_ - kept; i < noted_; ++i) {
    Note const& note = notes_[i % notes_.size()];
    double const seconds = static_cast<double>((note.when - start_of_time).count()) / 1000.0;
    out.push_back(fmt::format("{:>12.3f} s  {:<22} {:>13} {:>6}  {}", seconds, note.what, note.a,
                              note.b, escape_for_display({note.text.data(), note.octets})));
  }
  return out;
}
}  // namespace pb::sim
