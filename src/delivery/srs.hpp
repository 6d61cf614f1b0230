// srs.hpp: the Sender Rewriting Scheme: mail that is forwarded outside carries a reverse-path of
// ours, and a bounce to it finds its way back.      Spec: libsrs2.net/srs (SRS0, SRS1), RFC 2104.
// Tests: srs_test.cpp                               Not here: which mail is forwarded
// (aliases.hpp).
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "mail/address.hpp"

namespace pb::delivery {
enum class SrsError : std::uint8_t {
  not_srs,    // an ordinary address
  bad_hash,   // not made by us
  too_old,    // its day stamp is more than 21 days ago
  malformed,  //
  too_long    // it would not fit into a local part (RFC 5321 §4.5.3.1.1)
};

struct Srs {
  std::string secret;  // at least 16 octets
  std::string domain;  // ours: where bounces come back to

  /// "SRS0=HHHH=TT=domain=local@ours"; what is SRS0 of others already becomes SRS1.
  [[nodiscard]] std::expected<mail::Mailbox, SrsError> forward(mail::Mailbox const& sender,
                                                               Instant now) const;
  /// The address that a bounce to `rewritten` is for: the sender, or for SRS1 the first forwarder.
  [[nodiscard]] std::expected<mail::Mailbox, SrsError> reverse(mail::Mailbox const& rewritten,
                                                               Instant now) const;
};
/// Looks like one of ours by its form alone: RCPT is then asked of reverse().
bool is_srs(mail::Mailbox const& mailbox);
}  // namespace pb::delivery
