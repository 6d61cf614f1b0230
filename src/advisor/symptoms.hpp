// symptoms.hpp: what programs and servers print, and which fault each text points to.
// Spec: the symptom table; texts as the named programs print them.
// Not here: matching (explain.hpp).
#pragma once

#include <span>
#include <string_view>

#include "advisor/faults.hpp"

namespace pb::advisor {
enum class Weight : std::uint8_t {
  general,  // other services print it too: counts only where nothing names another service
  usual,
  decisive,  // a server's own words: outranks what a program says around it
  bare,      // counts only where it is the whole text: who pastes just this means mail
};
struct Symptom {
  Fault fault;
  std::string_view program;  // who prints it; "server" for replies
  std::string_view text;     // '*' stands for anything short between two parts
  Weight weight = Weight::usual;
};
std::span<Symptom const> symptoms();

/// Faults that print the same texts, the likeliest first; told apart only by measuring.
std::span<Fault const> lookalikes(Fault fault);
}  // namespace pb::advisor
