// resolver.hpp: asks the DNS: typed answers, a deadline, a bounded cache.    Tests:
// resolver_test.cpp Spec: ARCHITECTURE.md decision 7; RFC 4035 (validation), RFC 2308 (negative
// caching). Not here: what an answer means (delivery/route, spf, dkim ...).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ip.hpp"
#include "base/log.hpp"
#include "dns/answer.hpp"
#include "dns/world.hpp"

namespace pb::runtime {
namespace asio = boost::asio;

/// May be used from any thread; a question resumes on the executor of whoever asked.
class Resolver {
 public:
  virtual ~Resolver() = default;
  /// Never throws; when the deadline passes, Failed{timeout}. Names need not be valid.
  virtual asio::awaitable<dns::Answer> ask(dns::Question question) = 0;
};

/// Asks all of them at once and adds the answers to `facts`.
asio::awaitable<void> ask_all(Resolver& resolver, std::vector<dns::Question> questions,
                              dns::Facts& facts);

struct ResolverSettings {
  /// Asked for everything. Empty: what /etc/resolv.conf names, and /etc/hosts.
  std::vector<Endpoint> servers;
  std::string trust_anchor_file = "/usr/share/dns/root.key";
  bool validate = true;
  std::size_t cache_entries_max = 50'000;
  Duration wait = std::chrono::seconds{20};    // an answer that comes later is still cached
  std::chrono::seconds ttl_max{86'400};        // of positive answers
  std::chrono::seconds negative_ttl_max{300};  // RFC 2308 §5 allows three hours
  std::chrono::seconds failure_ttl{5};         // SERVFAIL and kin
  std::chrono::minutes strip_check_every{60};
  std::size_t outstanding_max = 4096;  // then Failed{refused} at once
};

/// How many and what: for metrics.
struct ResolverCounts {
  std::uint64_t asked = 0, cache_hits = 0, timeouts = 0, bogus = 0;
  std::size_t cache_entries = 0;
  bool forwarder_strips_dnssec = false;
};

/// libunbound in its thread mode. One a process. `log` gets one warning when a forwarder takes
/// DNSSEC out of answers: then answers count as unvalidated instead of as bogus.
class UnboundResolver final : public Resolver {
 public:
  static std::expected<std::shared_ptr<UnboundResolver>, std::string> make(
      ResolverSettings settings, Clock const& clock, Log& log);
  ~UnboundResolver() override;
  asio::awaitable<dns::Answer> ask(dns::Question question) override;
  [[nodiscard]] ResolverCounts counts() const;
  /// From now on nothing is asked, and nobody is answered any more: whoever waits does so until
  /// its own deadline, or is destroyed. Before the loops of those who ask are.
  void stop();
  /// Empties the cache.
  void forget();

 private:
  struct Impl;
  explicit UnboundResolver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Answers from a world written down, at once: tests and `--dns-file`.
class WorldResolver final : public Resolver {
 public:
  explicit WorldResolver(dns::World world) : world_{std::move(world)} {}
  asio::awaitable<dns::Answer> ask(dns::Question question) override;

 private:
  dns::World const world_;
};
}  // namespace pb::runtime
