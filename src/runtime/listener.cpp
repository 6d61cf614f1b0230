// listener.cpp: binds and accepts; refuses what is over a limit before it costs anything.
// Spec: ARCHITECTURE.md decision 3; RFC 5321 §3.8 (421).                     Not here: sessions.
#include "runtime/listener.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <cstring>

#include "smtp/reply.hpp"

namespace pb::runtime {
using asio::ip::tcp;

namespace {
constexpr int backlog = 1024;
constexpr int accepts_at_once = 64;    // then the other work of this core has its turn
constexpr std::size_t last_ones = 16;  // descriptors that no session is let in with
constexpr auto refused_log_pause = std::chrono::seconds{1};
constexpr auto accept_pause = std::chrono::milliseconds{100};  // no descriptor or memory is free

std::string explain(Endpoint const& address, boost::system::error_code error) {
  std::string text = fmt::format("cannot listen on {}: {}", address.text(), error.message());
  if (error == asio::error::address_in_use)
    text += "; another program has it (ss -ltnp shows which)";
  if (error == asio::error::access_denied) {
    text += "; ports below 1024 need root at the start, or CAP_NET_BIND_SERVICE";
  }
  if (error.value() == EADDRNOTAVAIL) text += "; no interface of this machine has that address";
  return text;
}
}  // namespace

Endpoint endpoint_of(tcp::endpoint const& endpoint) {
  asio::ip::address address = endpoint.address();
  if (address.is_v4()) return {IpAddress::v4(address.to_v4().to_uint()), endpoint.port()};
  auto bytes = address.to_v6().to_bytes();
  std::array<std::uint8_t, 16> copy{};
  std::copy(bytes.begin(), bytes.end(), copy.begin());
  return {IpAddress::v6(copy), endpoint.port()};
}

tcp::endpoint kernel_endpoint(Endpoint const& endpoint) {
  if (endpoint.address.is_v4()) {
    return {asio::ip::address_v4{endpoint.address.v4_bits()}, endpoint.port};
  }
  asio::ip::address_v6::bytes_type bytes{};
  std::copy(endpoint.address.bytes().begin(), endpoint.address.bytes().end(), bytes.begin());
  return {asio::ip::address_v6{bytes}, endpoint.port};
}

Listener::Listener(Endpoint const& address, std::vector<std::unique_ptr<Core>> const& cores,
                   ServerShared& shared)
    : asked_{address},
      cores_{cores},
      shared_{shared},
      acceptor_{cores.front()->context()},
      pause_timer_{cores.front()->context()} {}

std::expected<int, std::string> listening_socket(Endpoint const& address) {
  asio::io_context none;
  tcp::acceptor acceptor{none};
  tcp::endpoint wanted = kernel_endpoint(address);
  boost::system::error_code error;
  acceptor.open(wanted.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
  // "[::]:25" and "0.0.0.0:25" are two listeners: each counts and logs its own family.
  if (!error && wanted.address().is_v6()) acceptor.set_option(asio::ip::v6_only{true}, error);
  if (!error) acceptor.bind(wanted, error);
  if (!error) acceptor.listen(backlog, error);
  int descriptor = -1;
  if (!error) descriptor = acceptor.release(error);
  if (error) return std::unexpected{explain(address, error)};
  return descriptor;
}

std::expected<std::shared_ptr<Listener>, std::string> Listener::bind(
    Endpoint const& address, int inherited, std::vector<std::unique_ptr<Core>> const& cores,
    ServerShared& shared) {
  auto listener = std::make_shared<Listener>(address, cores, shared);
  tcp::acceptor& acceptor = listener->acceptor_;
  if (inherited < 0) {
    auto const made = listening_socket(address);
    if (!made) return std::unexpected{made.error()};
    inherited = *made;
  }
  boost::system::error_code error;
  acceptor.assign(kernel_endpoint(address).protocol(), inherited, error);
  if (!error) acceptor.native_non_blocking(true, error);
  if (!error) listener->bound_ = endpoint_of(acceptor.local_endpoint(error));
  if (error) return std::unexpected{explain(address, error)};
  return listener;
}

void Listener::use(std::shared_ptr<Generation const> generation, std::size_t index) {
  generation_ = std::move(generation);
  index_ = index;
}

void Listener::start() { wait(); }

void Listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_timer_.cancel();
}

void Listener::wait() {
  acceptor_.async_wait(tcp::acceptor::wait_read,
                       [self = shared_from_this()](boost::system::error_code error) {
                         if (!error && self->acceptor_.is_open()) self->accept_waiting();
                       });
}

void Listener::pause() {
  pause_timer_.expires_after(accept_pause);
  pause_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error && self->acceptor_.is_open()) self->wait();
  });
}

void Listener::accept_waiting() {
  std::vector<Batch> batches(cores_.size());
  bool exhausted = false;
  for (int accepted = 0; accepted < accepts_at_once; ++accepted) {
    tcp::endpoint peer;
    auto length = static_cast<socklen_t>(peer.capacity());
    int descriptor =
        ::accept4(acceptor_.native_handle(), peer.data(), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      bool full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
      exhausted = full;
      if (errno == ECONNABORTED || errno == EINTR) continue;
      break;
    }
    peer.resize(length);
    if (!take(descriptor, endpoint_of(peer), batches)) ::close(descriptor);
  }
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (batches[i].empty()) continue;
    Core& core = *cores_[i];
    asio::post(core.context(), [&core, &shared = shared_, batch = std::move(batches[i])]() mutable {
      for (AcceptedSocket& socket : batch) SmtpConnection::spawn(std::move(socket), core, shared);
    });
  }
  if (!exhausted) return wait();
  shared_.log.warning("accept-paused", {{"listener", settings().address.text()},
                                        {"why", "no file descriptor or memory is free"}});
  pause();
}

/// False: over a limit or not welcome; it was told so where that makes sense.
bool Listener::take(int descriptor, Endpoint const& peer, std::vector<Batch>& batches) {
  LimitSettings const& limits = generation_->settings->limits;
  bool from_balancer = settings().proxy_protocol;
  if (from_balancer) {
    auto const& balancers = generation_->settings->proxy_networks;
    bool known = std::ranges::any_of(
        balancers, [&](Network const& network) { return network.contains(peer.address); });
    if (!known) return false;
  }
  // Where there are few in all, half of them is for sessions: none would be let in otherwise.
  std::size_t const reserve = std::min(limits.descriptors_reserve, shared_.descriptors_max / 2);
  // The kernel gives the lowest that is free: so many are open, whoever has them.
  bool const few_left = static_cast<std::size_t>(descriptor) + last_ones >= shared_.descriptors_max;
  if (few_left || shared_.open_sessions + reserve >= shared_.descriptors_max) {
    refuse(descriptor, peer, smtp::reply::too_busy);
    return false;
  }
  AcceptedSocket accepted{descriptor, peer, bound_, generation_, index_, std::nullopt};
  smtp::server::PeerFacts facts;
  facts.peer = facts.socket_peer = peer;
  facts.local = bound_;
  // Behind a balancer the client is counted when its header has told who it is.
  bool exempt = from_balancer || peer.address.is_loopback() ||
                generation_->settings->services.judge->classify(facts).trusted;
  std::size_t target = least_loaded();
  Core& core = *cores_[target];
  if (!exempt) {
    Network network = limit_network(peer.address);
    bool room = core.counted_sessions < limits.sessions_per_core;
    if (!room || !shared_.counts.enter(network, limits.sessions_per_network)) {
      refuse(descriptor, peer, room ? smtp::reply::too_many_sessions : smtp::reply::too_busy);
      return false;
    }
    accepted.counted = network;
    ++core.counted_sessions;
  }
  ++core.open_sessions;
  ++shared_.open_sessions;
  batches[target].push_back(std::move(accepted));
  return true;
}

/// One send that never waits; in the clear, so not where TLS would be expected. One line a second
/// at most is logged: a flood of strangers must not become a flood of log.
void Listener::refuse(int descriptor, Endpoint const& peer, smtp::Reply const& reply) {
  if (settings().role != smtp::server::Role::submissions) {
    std::string wire = reply.wire();
    std::ignore = ::send(descriptor, wire.data(), wire.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(descriptor, SHUT_WR);
  }
  ++refused_;
  auto now = std::chrono::steady_clock::now();
  if (now - refused_logged_ < refused_log_pause) return;
  refused_logged_ = now;
  shared_.log.warning("refused", {{"listener", settings().address.text()},
                                  {"peer", peer.address.text()},
                                  {"why", reply.text},
                                  {"refused", std::to_string(std::exchange(refused_, 0))}});
}

std::size_t Listener::least_loaded() const {
  auto load = [](std::unique_ptr<Core> const& core) { return core->open_sessions.load(); };
  auto found = std::ranges::min_element(cores_, {}, load);
  return static_cast<std::size_t>(found - cores_.begin());
}

ListenerSettings const& Listener::settings() const {
  return generation_->settings->listeners[index_];
}
}  // namespace pb::runtime
