// remote_prober.hpp: measures one mail port for an account that is elsewhere (XPROBE).
// Spec: docs/reference/xprobe.md.                             Tests: remote_prober_test.cpp
// Not here: the command (smtp/server/xprobe), what a client makes of it (advisor/other_place).
//
// Invariants: 1. A name is resolved once, and only an address that was judged by policy/
// probe_targets is connected to. 2. Nothing of the peer's text leaves: views are made of closed
// words. 3. One probe an account at a time, so many an hour, a few in the whole server; a probe
// ends within 15 s and makes two connections an address family at most.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "accounts/hourly_quota.hpp"
#include "advisor/probe_facts.hpp"
#include "base/ip.hpp"
#include "base/log.hpp"
#include "runtime/probe_tls.hpp"
#include "runtime/resolver.hpp"
#include "runtime/services.hpp"

namespace pb::runtime {
struct RemoteProberSettings {
  std::size_t an_hour = 10;           // of one account
  std::vector<Network> allowed = {};  // besides public addresses
  std::string ehlo_name;              // ours
};

/// One for all cores. Any thread.
class RemoteProber final : public PortProber {
 public:
  /// All outlive it.
  RemoteProber(Resolver& resolver, Clock const& clock, Log& log);
  ~RemoteProber() override;
  /// From the next probe on; what an account has used stays used.
  void set(RemoteProberSettings settings);
  asio::awaitable<smtp::server::ProbeAnswer> probe(
      smtp::ProbeCommand target, smtp::server::SessionFacts const& facts) override;

 private:
  struct Turn;
  asio::awaitable<advisor::NameFacts> resolve(smtp::ProbeCommand const& target);
  asio::awaitable<advisor::ProbeFacts> measure(advisor::ProbeFacts facts, std::string ehlo_name);
  TrustStore const& trust();
  Resolver& resolver_;
  Clock const& clock_;
  Log& log_;
  std::mutex mutex_;  // of what follows
  RemoteProberSettings settings_;
  accounts::HourlyQuota quota_;
  std::unique_ptr<TrustStore> trust_;  // read when first needed; kept
};
}  // namespace pb::runtime
