// probe_lane.hpp: executes one advisor::Lane on a socket; shared by the prober's tasks.
// Spec: prober.hpp.
// Not here: which lanes there are (prober).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "advisor/probe_ladder.hpp"
#include "runtime/probe_tls.hpp"

namespace pb::runtime {
namespace asio = boost::asio;
using advisor::Millis;

/// Tickets for connections to one host.
class ConnectionLimit {
 public:
  ConnectionLimit(asio::any_io_executor const& loop, unsigned most) : free_{most}, changed_{loop} {
    changed_.expires_at(asio::steady_timer::time_point::max());
  }
  asio::awaitable<void> acquire();
  void release();

 private:
  unsigned free_;
  asio::steady_timer changed_;
};

/// What all lanes of a probe share. Outlives them.
struct LaneWorld {
  asio::any_io_executor loop;  // of one thread
  TrustStore const& store;
  std::string host;  // for certificates and SNI
  std::int64_t now;
  std::chrono::steady_clock::time_point deadline;
};

asio::awaitable<advisor::ConnectFacts> connect(asio::ip::tcp::socket& socket, Endpoint endpoint,
                                               Millis wait);

/// Connects and climbs. The second connection of a silent port is made inside, when `limit` allows.
asio::awaitable<advisor::AttemptFacts> climb(LaneWorld& world, ConnectionLimit& limit,
                                             Endpoint endpoint, advisor::LaneOptions options);
}  // namespace pb::runtime
