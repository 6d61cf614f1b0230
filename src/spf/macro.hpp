// macro.hpp: macro strings of SPF: their syntax and their expansion.
// Tests: tests/suites/spf_suite.cpp
// Spec: RFC 7208 §7.                                      Not here: asking for %{p} (evaluate.cpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ip.hpp"

namespace pb::spf {
enum class MacroUse { domain_spec, explanation };  // c, r and t are for explanations (§7.2)

/// What letters stand for; views are borrowed for the call.
struct MacroValues {
  std::string_view sender_local;   // l
  std::string_view sender_domain;  // o
  std::string_view domain;         // d, the domain whose record is evaluated
  std::string_view helo;           // h
  std::string_view receiver;       // r
  std::string_view validated;      // p; "unknown" when there is none
  IpAddress ip;                    // i, c, v
  Instant now{};                   // t
};

/// nullptr, or a sentence that says what is wrong with it.
char const* macro_problem(std::string_view text, MacroUse use);
/// domain-spec = macro-string domain-end (§7.1): as above, with its end checked too.
char const* domain_spec_problem(std::string_view text);
/// %{p} occurs in it, so that evaluation must ask for the validated name first.
bool uses_validated_name(std::string_view text);
/// nullopt when the syntax is bad (explanation texts are checked only now).
std::optional<std::string> expand(std::string_view text, MacroValues const& values, MacroUse use);
/// Left labels are removed until 253 octets are left (§7.3); trailing dot dropped.
std::string fit_domain(std::string expanded);
}  // namespace pb::spf
