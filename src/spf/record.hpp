// record.hpp: an SPF record as a value, and its parser.       Tests: record_test.cpp, spf_fuzz.
// Spec: RFC 7208 §4.5, §4.6.1, §5, §6, §7.1, §12 (the collected grammar).
// Not here: what a record means for an address (evaluate.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.hpp"

namespace pb::spf {
enum class Qualifier : std::uint8_t { pass, fail, softfail, neutral };  // + - ~ ?
enum class Mechanism : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

/// One mechanism with its qualifier (RFC 7208 §4.6.1: "directive").
struct Directive {
  Mechanism mechanism = Mechanism::all;
  Qualifier qualifier = Qualifier::pass;
  std::string domain_spec;                 // macros unexpanded; empty: the current domain
  unsigned prefix4_bits = 32;              // of a, mx, ip4
  unsigned prefix6_bits = 128;             // of a, mx, ip6
  std::array<std::uint8_t, 16> network{};  // of ip4 (in mapped form) and ip6
  std::string text;                        // as published
};

struct Modifier {
  std::string name;   // as published
  std::string value;  // macros unexpanded
};

struct Record {
  std::vector<Directive> directives;
  std::string redirect;  // domain-spec; empty: none
  std::string exp;       // domain-spec; empty: none
  std::vector<Modifier> unknown;
};

struct SyntaxError {
  std::string term;     // as published, not escaped
  char const* problem;  // a sentence for the owner of the record
};

/// "v=spf1" followed by a space or the end (RFC 7208 §4.5).
bool is_record(std::string_view text);
/// The whole record is checked before any of it is used (§4.6).
std::expected<Record, SyntaxError> parse_record(std::string_view text);

/// Terms of the record that ask DNS (§4.6.4): include, a, mx, ptr, exists, redirect.
unsigned terms_with_lookups(Record const& record);
/// "include", "a", ...
std::string_view name(Mechanism mechanism);
}  // namespace pb::spf
