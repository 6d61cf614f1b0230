// seal.hpp: adds our ARC set to a message that we forward, in one pass over its body.
// Spec: RFC 8617 §5.1.                                                     Tests: verify_test.cpp
// Not here: verifying the chain (verify.hpp), what the results say (authres).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "arc/chain.hpp"
#include "base/clock.hpp"
#include "dkim/sign.hpp"

namespace pb::arc {
struct SealOptions {
  std::string authserv_id;
  /// What we found of the message ("spf=pass smtp.mailfrom=...", one method each), comments kept;
  /// goes into ARC-Authentication-Results behind the authserv-id.
  std::vector<std::string> results;
  ChainStatus status = ChainStatus::none;  // what verifying the chain gave
  std::vector<std::string> fields;         // h=; empty: dkim::default_fields()
  Instant now{};                           // t=
};

enum class SealError {
  chain_ended,   // the newest seal says fail: nothing is added (§5.1.2)
  chain_broken,  // its structure cannot be continued
  chain_full,    // 50 sets
  failed,        // the key cannot sign
};
std::string_view text(SealError error);

class Sealer {
 public:
  /// `header` is used up before this returns.
  static std::expected<Sealer, SealError> make(mail::HeaderSection const& header,
                                               dkim::SigningKey key, SealOptions options);
  void body(std::string_view chunk);
  /// ARC-Seal, ARC-Message-Signature, ARC-Authentication-Results, each with CRLF: to be put in
  /// front of the header section, in this order. Once only.
  std::expected<std::string, SealError> finish();
  /// At once, for a body that was digested before the results were known. `body` is finished,
  /// relaxed and of SHA-256.
  static std::expected<std::string, SealError> seal(mail::HeaderSection const& header,
                                                    dkim::SigningKey key, SealOptions options,
                                                    dkim::BodyHash const& body);

 private:
  Sealer(dkim::SigningKey key, SealOptions options, unsigned instance, dkim::Digest fields,
         dkim::Digest sets, std::string results_field);
  std::expected<std::string, SealError> sign(std::string const& body_digest);
  dkim::SigningKey key_;
  SealOptions options_;
  unsigned instance_;
  dkim::Digest fields_;  // what the message signature covers
  dkim::Digest sets_;    // what the seal covers: earlier sets, then ours
  std::string results_field_;
  dkim::BodyHash body_;
};
}  // namespace pb::arc
