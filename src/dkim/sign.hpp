// sign.hpp: DKIM-Signature fields made in one pass over a body as it arrives.
// Spec: RFC 6376 §3.5, §5; RFC 8301 (rsa-sha256 only); RFC 8463.          Tests: sign_test.cpp
// Not here: who may sign for a domain (policy), keys on disk (runtime).
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "dkim/canonical.hpp"
#include "dkim/crypto.hpp"
#include "dkim/header_hash.hpp"
#include "mail/header_section.hpp"

namespace pb::dkim {
struct SigningKey {
  std::string domain;    // d=, A-labels
  std::string selector;  // s=
  PrivateKey key;
};

struct SignOptions {
  Canonicalization header = Canonicalization::relaxed;
  Canonicalization body = Canonicalization::relaxed;
  /// h= word for word; empty: what default_fields() says.
  std::vector<std::string> fields;
  std::string identity;                     // i=; empty: none written
  Instant now{};                            // t=
  std::optional<std::uint64_t> expiration;  // x=, seconds since 1970
  std::optional<std::uint64_t> length;      // l=; not advised (RFC 6376 §8.2)
};

enum class SignError { no_from, several_from, from_not_in_fields, bad_identity, key_small, failed };
std::string_view text(SignError error);

/// h= for a message: every instance of the fields that matter, and each name once more, so that
/// adding another breaks the signature (RFC 6376 §8.15). Trace fields are never named.
std::vector<std::string> default_fields(mail::HeaderSection const& header);

/// Signs one message with one or several keys of equal options.
class Signer {
 public:
  /// `header` is used up before this returns. Exactly one From must be there (RFC 5322 §3.6).
  static std::expected<Signer, SignError> make(mail::HeaderSection const& header,
                                               std::vector<SigningKey> keys, SignOptions options);
  void body(std::string_view chunk);
  /// The fields, "DKIM-Signature: ...\r\n" each, in the order of the keys. Once only.
  std::expected<std::string, SignError> finish();
  /// At once, for a body that was digested before its header section was final. `body` is
  /// finished, of SHA-256 and of options.body.
  static std::expected<std::string, SignError> sign(mail::HeaderSection const& header,
                                                    std::vector<SigningKey> keys,
                                                    SignOptions options, BodyHash const& body);

 private:
  [[nodiscard]] std::expected<std::string, SignError> fields() const;
  Signer(std::vector<SigningKey> keys, SignOptions options, Digest fields);
  [[nodiscard]] std::string unsigned_field(SigningKey const& key) const;

  std::vector<SigningKey> keys_;
  SignOptions options_;
  Digest fields_;
  BodyHash body_;
};
}  // namespace pb::dkim
