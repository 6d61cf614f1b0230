// published_files.hpp: fetches what a mail domain publishes for programs over HTTPS, all at once.
// Spec: autoconfig's two addresses; MS-OXDISCO §3.1.5 and the SRV record _autodiscover._tcp.
// Not here: reading the files (advisor/published), the DNS (probe_domain).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "advisor/domain_facts.hpp"
#include "dns/answer.hpp"
#include "runtime/probe_tls.hpp"

namespace pb::cli {
struct PublishedPlaces {
  std::string domain;
  std::string address;  // the mailbox that is asked about
  std::optional<dns::Srv> autodiscover;
  /// Of every host that may be asked; a host without any is not asked.
  std::map<std::string, std::vector<IpAddress>> addresses;
  advisor::Millis timeout{6000};
};
/// Fills autoconfig, autodiscover and, where it is announced, relay.sts. At most six requests and
/// their redirects, within the timeout.
void fetch_published(PublishedPlaces const& places, runtime::TrustStore const& store,
                     advisor::DomainFacts& facts);
}  // namespace pb::cli
