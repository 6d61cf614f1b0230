// terms.hpp: holds messages to the words of docs/terms.md. Used by every folder's catalogue test.
// Spec: docs/terms.md, whose first table parse_terms() reads.
// Not here: judging style; a person reads that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/message.hpp"

namespace pb::text {
/// One row of docs/terms.md.
struct Term {
  std::string english;                          // whole words, lower case
  std::vector<std::string> hant, hans;          // one of these stands in the translation
  std::vector<std::string> hant_not, hans_not;  // words of the other usage: in no message
};
std::vector<Term> parse_terms(std::string_view markdown);

/// What is wrong with one message, in words for the developer; empty when it keeps to the rules:
/// no Chinese text equal to the English or to the other Chinese one; the terms' words; full-width
/// punctuation beside Chinese characters; no character of the other script.
std::vector<std::string> complaints(Text const& text, std::vector<Term> const& terms);
}  // namespace pb::text
