// probe_domain.hpp: what the DNS and a domain's own files say of it, for `probe`: where to send,
// who receives. Spec: RFC 6186, RFC 8314 §5.1 (SRV); RFC 5321 §5.1 (MX); RFC 8461 §3 (MTA-STS). Not
// here: what it means (advisor/relay, advisor/domain_facts), the ports (runtime/prober).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "advisor/domain_facts.hpp"
#include "cli/verify_input.hpp"
#include "runtime/resolver.hpp"

namespace pb::cli {
/// As make_resolver makes it, but one question waits 4 seconds at most: a person is waiting.
std::expected<std::shared_ptr<runtime::Resolver>, Refusal> impatient_resolver(
    VerifyCommon const& common);

/// Where a person of this domain hands mail in.
struct SubmissionPlace {
  enum class How : std::uint8_t { srv, autoconfig, autodiscover, name, exchanger } how = How::name;
  std::string host;
  std::vector<std::uint16_t> ports;             // of the SRV records or of the file
  advisor::Provider const* provider = nullptr;  // of the MX record
};
struct DomainLookUp {
  advisor::DomainFacts facts;
  std::optional<SubmissionPlace> place;
};
/// Asks about `address`'s domain: the DNS, autoconfig, autodiscover and the MTA-STS policy; not the
/// ports. The place is of SRV records first, then of the files, then smtp.DOMAIN or mail.DOMAIN,
/// then of the provider whose MX it has. HTTPS trusts `ca_file`'s issuers if given.
DomainLookUp look_up_domain(runtime::Resolver& resolver, std::string const& address,
                            std::string const& ca_file);
/// Has it an MX record, so that it is a mail domain rather than a host?
bool is_mail_domain(runtime::Resolver& resolver, std::string const& name);

/// MX, TLSA and the MTA-STS policy (over HTTPS, with `ca_file`'s issuers if given); not the ports.
advisor::RelayFacts look_up_relay(runtime::Resolver& resolver, std::string const& domain,
                                  std::string const& ca_file);
}  // namespace pb::cli
