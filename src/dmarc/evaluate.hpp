// evaluate.hpp: does anything authenticated belong to the author's domain, and what does that
// domain wish for the rest?                                            Tests: evaluate_test.cpp
// Spec: RFC 9989 §4.10 (tree walk, policy, organizational domain), §4.4 (alignment), §5.3.
// Not here: what the server does about it (policy), reports (report).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dmarc/record.hpp"
#include "dns/answer.hpp"

namespace pb::dmarc {
enum class Word : std::uint8_t { none, pass, fail, temperror, permerror };
std::string_view text(Word word);

struct SignedBy {
  std::string domain;                 // d= of a signature that passed
  std::uint64_t unsigned_octets = 0;  // of the body, by l=
};

struct Input {
  /// The Author Domain; "" when the message has none or several (§5.3.1: permerror).
  std::string author_domain;
  std::vector<SignedBy> dkim;    // signatures that passed
  std::vector<std::string> spf;  // MAIL FROM domain that passed; HELO for a null reverse-path
};

/// How one mechanism stands to the author domain.
struct Aligned {
  bool passed = false;
  std::string domain;  // strict: the domain itself; relaxed: its organizational domain
  std::uint64_t unsigned_octets = 0;  // dkim: of the signature that belongs to the author
};

struct Result {
  Word word = Word::none;
  std::string problem;  // why it is none, temperror or permerror
  std::string author_domain;
  std::string record_domain;  // where the record was found; empty: nowhere
  std::string organizational_domain;
  Policy published = Policy::none;  // p, sp or np as it applies to the author domain
  Policy policy = Policy::none;     // after t=y took it one step down (§4.7)
  bool nonexistent = false;         // np was looked at: the author domain does not exist
  Record record;
  Aligned dkim;
  Aligned spf;
};

/// Pure and bounded: at most 8 questions a tree walk (§4.10), one walk a domain.
std::variant<Result, dns::Question> evaluate(Input const& input, dns::Facts const& facts);

/// The names that a tree walk asks, in order.
std::vector<std::string> walk_names(std::string_view domain);
}  // namespace pb::dmarc
