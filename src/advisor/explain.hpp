// explain.hpp: from a pasted error text, or a whole log, to the fault it speaks of.
// Spec: symptoms.hpp. Linear in the text; longer texts than explain_octets_max are cut.
// Not here: measuring (runtime/prober), words on the screen (cli/explain).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisor/symptoms.hpp"

namespace pb::advisor {
inline constexpr std::size_t explain_octets_max = 1024 * 1024;

struct Explanation {
  Fault fault;                        // the likeliest
  std::vector<Fault> others;          // that print the same text
  Symptom const* symptom = nullptr;   // what was recognised; null where names alone decided
  std::size_t line = 1;               // of the decisive line, from 1
  std::string quote;                  // that line, trimmed, not escaped
  bool whole_log = false;             // more than one line was given
  std::optional<std::uint16_t> port;  // that the text names, if it is one of mail
};
/// nullopt: nothing known stands in the text.
std::optional<Explanation> explain(std::string_view text);

/// What kind of thing a person typed after `packetboat explain`.
enum class Shape : std::uint8_t { error_text, queue_id, domain };
Shape shape_of(std::string_view text);
}  // namespace pb::advisor
