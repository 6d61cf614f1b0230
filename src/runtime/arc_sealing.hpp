// arc_sealing.hpp: our ARC set for a message that an alias leads elsewhere.
// Spec: RFC 8617 §5.1.                                         Tests: mail_auth_intake_test.cpp
// Not here: the fields (arc/seal), what was found (mail_auth). Only mail_auth_intake and app/ use
// it: with them the folder arc/ can be taken out.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "arc/seal.hpp"
#include "arc/verify.hpp"
#include "authres/results.hpp"
#include "mail/envelope.hpp"

namespace pb::runtime {
struct ArcSealing {
  dkim::SigningKey key;
  /// Whether some recipient that was named here is somebody elsewhere in the end.
  std::function<bool(mail::Envelope const&)> leads_elsewhere;
};

/// The three fields, each with CRLF, to be put in front; `found` is what verifying the chain gave,
/// `results` what Authentication-Results says, `body` finished, relaxed and of SHA-256.
std::expected<std::string, arc::SealError> seal(ArcSealing const& sealing,
                                                mail::HeaderSection const& header, arc::Word found,
                                                authres::Results const& results, Instant now,
                                                dkim::BodyHash const& body);
}  // namespace pb::runtime
