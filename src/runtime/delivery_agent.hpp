// delivery_agent.hpp: takes leases from the queue and settles them: routes, sites, connections.
// Spec: ARCHITECTURE.md "One message, one direction" 4-8.         Tests: delivery_agent_test.cpp
// Not here: decisions (delivery/), retry times and states (queue/), reports (report_maker).
//
// Everything runs on one loop; start(), revoke(), reload() and stop() may be called from any
// thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "queue/lease.hpp"
#include "runtime/delivery_attempt.hpp"
#include "runtime/directory_snapshot.hpp"
#include "runtime/resolver.hpp"
#include "runtime/storage_pool.hpp"

namespace pb::runtime {
struct DeliveryAgentParts {
  asio::io_context& loop;  // with one thread
  Resolver& resolver;
  ClientTls const& tls;
  StoragePool& pool;             // for Maildir
  DirectorySnapshot& directory;  // accounts of local domains
  Clock const& clock;
  Random& random;  // used on the loop only
  Log& log;
  std::function<void(queue::AttemptDone)> settle;        // QueueRunner::settle
  std::function<void(queue::LeaseId, QueueId)> sending;  // QueueRunner::sending
};

struct DeliveryCounts {
  std::size_t leases = 0, slots = 0, sites = 0;
};

class DeliveryAgent final : public LeaseSink {
 public:
  DeliveryAgent(DeliveryAgentParts parts, std::shared_ptr<DeliverySettings const> settings);
  /// After stop() and when the loop has ended.
  ~DeliveryAgent() override;
  DeliveryAgent(DeliveryAgent const&) = delete;
  DeliveryAgent& operator=(DeliveryAgent const&) = delete;

  void start(LeasedMessage leased) override;
  void revoke(queue::LeaseId lease) override;
  /// From the next lease on.
  void reload(std::shared_ptr<DeliverySettings const> settings);
  /// Gives back what is not being sent, lets what is behind its end of data finish, closes
  /// connections; then calls `done` on the loop.
  void stop(std::function<void()> done);
  /// On the loop only: what limits the site now.
  [[nodiscard]] delivery::SiteView site(std::string const& name) const;
  [[nodiscard]] DeliveryCounts counts() const;
  /// What limits the domain's next hops now; any thread, waits for the loop. nullopt: nothing was
  /// routed there lately, or the loop does not answer.
  struct DomainView {
    std::string site;
    delivery::SiteView view;
  };
  [[nodiscard]] std::optional<DomainView> look_at(std::string const& domain) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared: coroutines on the loop hold it until they end
};
}  // namespace pb::runtime
