// probe_domain.hpp: what the DNS says about a mail domain, for `probe`: where to send, who
// receives. Spec: RFC 6186, RFC 8314 §5.1 (SRV); RFC 5321 §5.1 (MX); RFC 8461 §3 (MTA-STS). Not
// here: what it means (advisor/relay), the ports (runtime/prober).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "advisor/relay.hpp"
#include "runtime/resolver.hpp"

namespace pb::cli {
/// Where a person of this domain hands mail in. Every question waits at most some seconds.
struct SubmissionPlace {
  enum class How : std::uint8_t { srv, name, exchanger } how = How::name;
  std::string host;
  std::vector<std::uint16_t> ports;             // of the SRV records
  advisor::Provider const* provider = nullptr;  // of the MX record
};
/// SRV records first, then smtp.DOMAIN or mail.DOMAIN, then the provider whose MX it has.
std::optional<SubmissionPlace> find_submission(runtime::Resolver& resolver,
                                               std::string const& domain);

/// MX, TLSA and the MTA-STS policy (over HTTPS, with `ca_file`'s issuers if given); not the ports.
advisor::RelayFacts look_up_relay(runtime::Resolver& resolver, std::string const& domain,
                                  std::string const& ca_file);
}  // namespace pb::cli
