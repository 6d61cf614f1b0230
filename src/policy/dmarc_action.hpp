// dmarc_action.hpp: what becomes of a message that failed DMARC.        Tests:
// dmarc_action_test.cpp Spec: RFC 9989 §5.4 (p=reject alone refuses nothing), RFC 8617 §5 (chains
// of those we know). Not here: the evaluation (dmarc/), who carries it out
// (runtime/mail_auth_intake).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arc/verify.hpp"
#include "dmarc/evaluate.hpp"

namespace pb::policy {
/// `dmarc =` of a listener or domain, mildest first.
enum class DmarcAction : std::uint8_t {
  record,      // said in Authentication-Results; a Maildir files it under .Junk
  quarantine,  // and marked for filters behind us
  hold,        // waits in the queue for an operator
  reject,      // refused where the From domain says p=reject
};
std::optional<DmarcAction> parse_dmarc_action(std::string_view text);

/// Whom we believe beyond DMARC. Domains in any case.
struct DmarcTrust {
  std::vector<std::string> forwarders;  // whose ARC seals
  std::vector<std::string> exceptions;  // From domains, and those below them
};
/// A listed exception; or its chain holds, its newest seal is a named forwarder's, and that one
/// says that DMARC passed there.
bool is_spared(dmarc::Result const& dmarc, arc::Result const& arc, DmarcTrust const& trust);

enum class Disposal : std::uint8_t { deliver, junk, mark, hold, refuse };
/// A result that is not fail, or a policy of none, delivers whatever the action.
Disposal dispose(DmarcAction action, dmarc::Result const& dmarc);
std::string_view text(Disposal disposal);
}  // namespace pb::policy
