// verify.hpp: all DKIM signatures of a message, verified while its body streams by.
// Spec: RFC 6376 §6.1; RFC 8301; RFC 8463; words: RFC 8601 §2.7.1.        Tests: verify_test.cpp
// Not here: asking DNS (runtime), alignment (dmarc).
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "dkim/record.hpp"
#include "dns/answer.hpp"
#include "mail/header_section.hpp"

namespace pb::dkim {
enum class Word : std::uint8_t { none, pass, fail, policy, neutral, temperror, permerror };
std::string_view text(Word word);

/// Keys that were parsed before, by the text of p=: parsing one costs more than using it.
class KeyCache {
 public:
  explicit KeyCache(std::size_t keys_max = 1024) : keys_max_{keys_max} {}
  /// nullopt when the octets are no key of that type.
  std::optional<PublicKey> get(KeyType type, std::string_view octets);

 private:
  std::size_t keys_max_;
  std::list<std::string> order_;  // least recently used first
  struct Entry {
    std::list<std::string>::iterator at;
    PublicKey key;
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

struct VerifyOptions {
  unsigned rsa_bits_min = 1024;     // RFC 8301 §3.2: never less
  std::size_t signatures_max = 20;  // further ones are neutral, unlooked at
  Duration clock_skew = std::chrono::minutes{5};
  /// Fields that must be signed where they are present (RFC 6376 §8.15 leaves it to the verifier).
  std::vector<std::string> must_be_signed;
  /// rsa-sha1 is verified for the record; the word is then policy or fail, never pass.
  bool check_historic = false;
};

struct SignatureResult {
  Word word = Word::none;
  Problem problem = Problem::none;
  std::string domain;                 // d=
  std::string selector;               // s=
  std::string identity;               // i=
  std::string algorithm;              // a=; empty when unread
  std::string b_prefix;               // the first 8 characters of b= (header.b, RFC 6008)
  unsigned key_bits = 0;              // 0: unknown
  bool testing = false;               // t=y in the key
  std::uint64_t unsigned_octets = 0;  // of the canonical body, that l= left unsigned
  std::size_t field = 0;              // position in the header section
};

class Verifier {
 public:
  /// `header` is used up before the constructor returns.
  Verifier(mail::HeaderSection const& header, VerifyOptions const& options);
  /// The body in chunks, CRLF line ends.
  void body(std::string_view chunk);
  void end_of_body();
  /// The keys that will be needed; known before the body is.
  [[nodiscard]] std::vector<dns::Question> questions() const;
  /// After end_of_body(). One result a DKIM-Signature field, top down; empty when there is none.
  [[nodiscard]] std::variant<std::vector<SignatureResult>, dns::Question> results(
      dns::Facts const& facts, Instant now, KeyCache& keys) const;

 private:
  struct Candidate {
    SignatureResult result;  // what is known without a key
    std::optional<Signature> signature;
    std::string header_digest;
    std::size_t body = 0;  // which of bodies_
  };
  struct SharedBody {
    Canonicalization how;
    Hash hash;
    std::optional<std::uint64_t> limit;
    BodyHash running;
  };
  void add(mail::HeaderSection const& header, std::size_t position, class FieldIndex const& index);
  std::size_t shared_body(Signature const& signature);
  Problem verify(Candidate const& candidate, KeyRecord const& record, SignatureResult& result,
                 KeyCache& keys) const;

  VerifyOptions options_;
  std::vector<Candidate> candidates_;
  std::deque<SharedBody> bodies_;
};

/// The key records of a fact: the first that can be read; else the problem.
std::expected<KeyRecord, Problem> key_from(dns::Answer const& answer);
}  // namespace pb::dkim
