// local_delivery.hpp: recipients of our own domains: Maildir, sandbox, discard, reject.
// Spec: docs/reference (domain.deliver); RFC 3463 §3.2.            Tests: delivery_agent_test.cpp
// Not here: LMTP (a next hop like others), who is known at RCPT time (policy/).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "accounts/directory.hpp"
#include "runtime/delivery_attempt.hpp"
#include "runtime/storage_pool.hpp"

namespace pb::runtime {
/// True when nothing has to be asked of the network.
bool is_local(std::vector<delivery::Via> const& via);

struct LocalDelivery {
  delivery::Via via;
  std::string domain;  // key form
  std::vector<std::uint32_t> recipients;
};
/// One outcome for each of the recipients. `leased` outlives the call.
asio::awaitable<std::vector<queue::RecipientOutcome>> deliver_locally(
    LeasedMessage const& leased, LocalDelivery local, delivery::RoutingTable const& table,
    StoragePool& pool, accounts::Directory const& directory, DeliveryTools const& tools);
}  // namespace pb::runtime
