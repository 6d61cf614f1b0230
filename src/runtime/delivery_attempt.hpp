// delivery_attempt.hpp: one message to one site: over its hosts until each recipient is settled.
// Spec: docs/reference ("what fails over, defers, bounces"); RFC 5321 §5.1.
// Tests: delivery_agent_test.cpp      Not here: which site (delivery/route), when (site_pool).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "delivery/attempt_plan.hpp"
#include "delivery/eight_bit.hpp"
#include "delivery/route.hpp"
#include "delivery/site_pool.hpp"
#include "runtime/queue_runner.hpp"
#include "runtime/smtp_client_connection.hpp"

namespace pb::runtime {
/// One [[egress]].
struct Egress {
  std::optional<IpAddress> source_v4;
  std::optional<IpAddress> source_v6;
  std::string ehlo;  // empty: the server's host name
};

struct DeliverySettings {
  std::shared_ptr<delivery::RoutingTable const>
      routes;  // shared: attempts keep what they began with
  std::map<std::string, Egress, std::less<>> egress;
  delivery::SiteLimits site_limits;
  std::size_t messages_per_connection = 100;
  Duration idle_keep = std::chrono::seconds{5};
  Duration connect_wait = std::chrono::seconds{30};
  Duration wait_max = limits::data_termination_wait;  // for any one reply
  delivery::EightBit eight_bit = delivery::EightBit::automatic;
  /// A longer message is not held in memory to be converted: it goes as it is.
  std::uint64_t convert_octets_max = 32U << 20;
};

/// What everything on the delivery loop uses; outlives it.
struct DeliveryTools {
  ClientTls const& tls;
  Clock const& clock;
  Random& random;
  Log& log;
  std::span<char> shared_buffer;
  TlsSessions* sessions = nullptr;  // null: every handshake is a full one
};

/// A message's recipients at one site.
struct DeliveryJob {
  LeasedMessage leased;
  delivery::Route route;
  std::vector<std::uint32_t> recipients;  // indices into the message's envelope
  mail::ReversePath reverse_path{};       // the message's own, or what forwarding made of it
};

/// Takes what is known before the attempt is over: outcomes that no more transaction changes.
using SettleSome =
    std::function<void(std::vector<queue::RecipientOutcome>, std::vector<queue::Transcript>)>;

struct AttemptResult {
  std::vector<queue::RecipientOutcome> outcomes;  // one for each that settle_some was not given
  std::vector<queue::Transcript> transcripts;
  delivery::Showed showed = delivery::Showed::works;
};

/// Uses `connection` when it is there, and leaves one there that can be used again. `cancelled` is
/// looked at between hosts.
asio::awaitable<AttemptResult> attempt_delivery(std::shared_ptr<DeliverySettings const> settings,
                                                DeliveryTools const& tools, DeliveryJob const& job,
                                                std::unique_ptr<SmtpClientConnection>& connection,
                                                bool const& cancelled,
                                                SettleSome const& settle_some);
}  // namespace pb::runtime
