// chain.hpp: the ARC sets of a message: collected, checked for structure, their seals read.
// Spec: RFC 8617 §4.1, §4.2, §5.2 steps 1-3.                             Tests: verify_test.cpp
// Not here: cryptography (verify.hpp), making a set (seal.hpp).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dkim/record.hpp"
#include "mail/header_section.hpp"

namespace pb::arc {
inline constexpr unsigned instances_max = 50;  // RFC 8617 §4.2.1

enum class ChainStatus : std::uint8_t { none, pass, fail };  // cv=

/// ARC-Seal (§4.1.3).
struct Seal {
  unsigned instance = 0;
  ChainStatus status = ChainStatus::none;
  std::string domain;     // d=, lower case
  std::string selector;   // s=
  std::string signature;  // b=, octets
  dkim::KeyType key_type = dkim::KeyType::rsa;
  std::size_t b_begin = 0;
  std::size_t b_end = 0;
  [[nodiscard]] std::string key_name() const { return selector + "._domainkey." + domain; }
};
/// nullopt when a tag is missing, malformed, twice, or forbidden (h=).
std::optional<Seal> parse_seal(std::string_view value);
/// i= in front of an ARC-Authentication-Results, and what follows its ';'.
struct InstanceResults {
  unsigned instance = 0;
  std::string_view results;
};
std::optional<InstanceResults> parse_instance_results(std::string_view value);
/// i= of an ARC-Message-Signature.
std::optional<unsigned> message_signature_instance(std::string_view value);

/// One set: positions of its three fields in the header section.
struct Set {
  std::size_t results = 0;
  std::size_t message_signature = 0;
  std::size_t seal = 0;
  Seal parsed_seal;
};
/// The sets by instance, 1 first; empty when the message has no ARC field at all. Else a sentence.
std::expected<std::vector<Set>, char const*> collect_sets(mail::HeaderSection const& header);
}  // namespace pb::arc
