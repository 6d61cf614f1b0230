// record.hpp: a DKIM-Signature field and a key record as values, and their parsers.
// Spec: RFC 6376 §3.5, §3.6.1, §6.1.1; RFC 8301; RFC 8463.             Tests: record_test.cpp
// Not here: does it verify (verify.hpp).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dkim/canonical.hpp"
#include "dkim/crypto.hpp"

namespace pb::dkim {
/// Why a signature does not pass; each has one sentence (problem_text).
enum class Problem : std::uint8_t {
  none,
  // of the field (RFC 6376 §6.1.1)
  syntax,
  version,
  tag_missing,
  algorithm,
  algorithm_historic,  // rsa-sha1 (RFC 8301 §3.1)
  canonicalization,
  domain,
  selector,
  identity,
  fields_empty,
  from_unsigned,
  length,
  timestamp,
  expiration,
  expired,
  future,
  query_method,
  too_many,
  field_unsigned,  // a field that VerifyOptions wants signed is there and is not
  // of the key (§6.1.2)
  key_absent,
  key_unavailable,  // DNS failed: try again later
  key_syntax,
  key_revoked,
  key_type,
  key_hash,
  key_service,
  key_identity,  // t=s and a subdomain in i=
  key_small,     // RFC 8301 §3.2
  // of the message (§6.1.3)
  length_exceeds_body,
  body_changed,
  signature_wrong,
};
/// "the body was changed after signing", ...
std::string_view problem_text(Problem problem);

struct Signature {
  KeyType key_type = KeyType::rsa;
  Hash hash = Hash::sha256;
  Canonicalization header = Canonicalization::simple;
  Canonicalization body = Canonicalization::simple;
  std::string domain;                       // d=, lower case
  std::string selector;                     // s=
  std::string identity;                     // i=, "@d" when absent
  std::vector<std::string> fields;          // h=, as written
  std::string body_hash;                    // bh=, octets
  std::string signature;                    // b=, octets
  std::optional<std::uint64_t> length;      // l=
  std::optional<std::uint64_t> timestamp;   // t=, seconds
  std::optional<std::uint64_t> expiration;  // x=, seconds; absent also when beyond 12 digits
  std::size_t b_begin = 0;  // of the value of b= in the field's value, which is signed as empty
  std::size_t b_end = 0;

  /// "rsa-sha256"
  [[nodiscard]] std::string_view algorithm() const;
  /// "selector._domainkey.domain"
  [[nodiscard]] std::string key_name() const;
};

struct SignatureError {
  Problem problem = Problem::syntax;
  std::string domain;  // d= and s= when they could be read: for reports
  std::string selector;
};
/// ARC-Message-Signature (RFC 8617 §4.1.2) is a DKIM-Signature without v=, whose i= is a number and
/// whose h= may name anything but ARC-Seal, or nothing.
enum class SignatureKind : std::uint8_t { dkim, arc_message };
/// `value` is the field's raw value, folds kept.
std::expected<Signature, SignatureError> parse_signature(std::string_view value,
                                                         SignatureKind kind = SignatureKind::dkim);
/// d= and s=: labels of letters, digits, hyphens and underscores; UTF-8 for RFC 8616.
bool is_domain_or_selector(std::string_view name);

struct KeyRecord {
  KeyType type = KeyType::rsa;
  std::string key;             // octets of p=
  bool accepts_sha256 = true;  // h=
  bool accepts_sha1 = true;
  bool for_email = true;        // s=
  bool testing = false;         // t=y
  bool exact_identity = false;  // t=s
};
/// `Problem::key_revoked` for an empty p= (§3.6.1).
std::expected<KeyRecord, Problem> parse_key_record(std::string_view text);
/// "v=DKIM1; k=rsa; p=..." for a key that is ours.
std::string key_record_text(PublicKey const& key);
}  // namespace pb::dkim
