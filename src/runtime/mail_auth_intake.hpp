// mail_auth_intake.hpp: an intake that verifies what strangers send and signs what accounts submit.
// Spec: RFC 8601 §2 (the field in front), RFC 6376 §5, RFC 9989 §5.4 (DMARC alone refuses nothing).
// Tests: mail_auth_intake_test.cpp.              Not here: the mechanisms (mail_auth, dkim/sign).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "policy/dmarc_action.hpp"
#include "runtime/arc_sealing.hpp"
#include "runtime/dkim_signer.hpp"
#include "runtime/mail_auth.hpp"
#include "runtime/resolver.hpp"
#include "runtime/services.hpp"

namespace pb::runtime {
/// What an aggregate report counts. Borrowed for the call.
struct AggregateFact {
  MailAuthFindings const& findings;
  MailAuthSender const& sender;
  policy::Disposal disposal;
  bool spared;  // a trusted forwarder or a listed exception
  Instant at;
};

struct MailAuthSettings {
  std::string hostname;                      // our authserv-id, and %{r} of SPF
  std::shared_ptr<DkimSigner const> signer;  // shared with reports; never null
  /// Of a listener that verifies at all. Accounts and trusted networks are never verified.
  std::function<bool(smtp::server::SessionFacts const&)> verifies;
  std::function<policy::DmarcAction(smtp::server::SessionFacts const&, mail::Envelope const&)>
      action_of;
  policy::DmarcTrust trust;
  std::optional<ArcSealing> sealing;  // absent: nothing is sealed
  /// Told of every verified message that was decided about; empty: nobody collects.
  std::function<void(AggregateFact const&)> on_dmarc;
  /// For all DNS of one message; what was not asked by then is a temperror.
  Duration dns_wait = std::chrono::seconds{20};
};

/// Whoever is verified gets one Authentication-Results in front. A message that nothing
/// authenticates only because DNS failed is put off (451). Trusted networks cause no question. What
/// accounts and trusted networks send is signed when there are keys of its From domain. Octets
/// reach `inner` unchanged. `resolver`, `clock` and `log` outlive it.
std::shared_ptr<Intake> make_mail_auth_intake(std::shared_ptr<Intake> inner, Resolver& resolver,
                                              Clock const& clock, Log& log,
                                              MailAuthSettings settings);
}  // namespace pb::runtime
