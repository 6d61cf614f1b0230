// verify.hpp: is the chain of ARC sets sound? Verified while the body streams by.
// Spec: RFC 8617 §5.2.                                                   Tests: verify_test.cpp
// Not here: whether to believe its first sealer (policy).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "arc/chain.hpp"
#include "base/clock.hpp"
#include "dkim/verify.hpp"
#include "dns/answer.hpp"

namespace pb::arc {
enum class Word : std::uint8_t { none, pass, fail };
std::string_view text(Word word);

struct SealedBy {
  unsigned instance = 0;
  std::string domain;
  std::string selector;
};

struct Result {
  Word word = Word::none;
  std::string problem;            // why it is fail; one sentence
  bool temporary = false;         // the failure is one of DNS: it may pass later
  std::vector<SealedBy> sealers;  // instance 1 first; empty when the structure is broken
  /// The newest ARC-Authentication-Results behind its "i=N;", as the sealer wrote it.
  std::string newest_results;
};

class Verifier {
 public:
  /// `header` is used up before the constructor returns.
  Verifier(mail::HeaderSection const& header, dkim::VerifyOptions const& options);
  void body(std::string_view chunk);
  void end_of_body();
  /// The keys that will be needed.
  [[nodiscard]] std::vector<dns::Question> questions() const;
  /// After end_of_body().
  [[nodiscard]] std::variant<Result, dns::Question> result(dns::Facts const& facts,
                                                           dkim::KeyCache& keys) const;

 private:
  using Outcome = std::variant<dkim::Problem, dns::Question>;
  struct SealCheck {
    Seal seal;
    std::string digest;
  };
  void read_message_signature(mail::HeaderSection const& header, std::size_t position);
  void digest_seals(mail::HeaderSection const& header, std::vector<Set> const& sets);
  [[nodiscard]] Outcome check_message(dns::Facts const& facts, dkim::KeyCache& keys) const;
  [[nodiscard]] Outcome check_signature(std::string const& key_name, dkim::KeyType type,
                                        std::string_view digest, std::string_view signature,
                                        dns::Facts const& facts, dkim::KeyCache& keys) const;

  dkim::VerifyOptions options_;
  Result settled_;  // what is known without keys
  bool undecided_ = false;
  std::optional<dkim::Signature> message_;  // the newest set's
  std::string message_digest_;
  std::optional<dkim::BodyHash> body_;
  std::vector<SealCheck> seals_;  // newest first
};
}  // namespace pb::arc
