// line_reader_fuzz.cpp: the same lines and the same faults, however the bytes arrive.
// Spec: RFC 5321 §2.3.8, §4.5.3.1.4.                           Not here: what lines say.
// Covers: src/smtp/line_reader.cpp
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "smtp/line_reader.hpp"

namespace {
using namespace pb::smtp;
constexpr std::size_t octets_max = 24;

/// All lines, "!" for one that was too long, "?" for a fault; `step` octets at once.
std::string read(std::string_view text, std::size_t step, LineRule rule) {
  std::string out;
  std::string held;
  bool skipping = false;
  for (std::size_t at = 0; at < text.size(); at += step) {
    held += text.substr(at, step);
    std::string const given = held;
    std::string_view input{given};
    while (true) {
      if (skipping) {
        if (!skip_line(input, rule)) break;
        skipping = false;
        out += "!\n";
      }
      LineResult const line = read_line(input, octets_max, rule);
      if (line.kind == LineKind::need_more) break;
      if (line.kind == LineKind::line) {
        PB_CHECK(line.text.size() < octets_max);
        out.append(line.text) += '\n';
        continue;
      }
      if (line.kind != LineKind::too_long) return out + "?";
      skipping = true;
    }
    held = std::string{input};
    PB_CHECK(held.size() < octets_max || skipping);
    PB_CHECK(!skipping || held.size() <= 1);
  }
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size > 512) return 0;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  for (LineRule const rule : {LineRule::strict, LineRule::normalise}) {
    std::string const whole = read(text, text.size() + 1, rule);
    for (std::size_t const step : {1U, 2U, 3U, 7U}) PB_CHECK(read(text, step, rule) == whole);
  }
  return 0;
}
