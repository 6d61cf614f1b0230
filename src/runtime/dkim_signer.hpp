// dkim_signer.hpp: the keys that we sign with, and which of them sign a message.
// Spec: RFC 6376 §5; RFC 8463 (beside RSA).  Tests: mail_auth_intake_test.cpp.
// Not here: canonicalization and the field (dkim/sign), where the keys' files lie (app/).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "dkim/sign.hpp"
#include "mail/header_section.hpp"

namespace pb::runtime {
/// Immutable, for all threads. All keys of a domain sign, in the order given.
class DkimSigner {
 public:
  DkimSigner() = default;
  explicit DkimSigner(std::vector<dkim::SigningKey> keys);
  [[nodiscard]] bool is_empty() const { return keys_.empty(); }
  /// Those of the From domain; where it has none, those of the nearest domain above it (relaxed
  /// alignment, RFC 9989 §4.4). Empty also when there is no one From domain.
  [[nodiscard]] std::vector<dkim::SigningKey> keys_for(mail::HeaderSection const& header) const;
  /// "DKIM-Signature: ...\r\n" for each key, for a whole message: header section, empty line and
  /// body, CRLF. Empty when no key is for it, or it cannot be signed.
  [[nodiscard]] std::string sign(std::string_view message, Instant now) const;

 private:
  std::vector<dkim::SigningKey> keys_;
};
}  // namespace pb::runtime
