// probe_lane.cpp: sockets, TLS bytes and waits of one lane.
// Spec: probe_lane.hpp; ip(7) IP_RECVERR tells an ICMP refusal from a reset.
// Tests: tests/fault_lab
#include "runtime/probe_lane.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace pb::runtime {
using advisor::AttemptFacts;
using advisor::ConnectFacts;
using advisor::LaneAction;
using advisor::Tcp;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;
namespace {
constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr Millis connect_wait{5000};

tcp::endpoint to_asio(Endpoint const& endpoint) {
  auto const& bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    return {asio::ip::address_v4{endpoint.address.v4_bits()}, endpoint.port};
  }
  asio::ip::address_v6::bytes_type copy;
  std::copy(bytes.begin(), bytes.end(), copy.begin());
  return {asio::ip::address_v6{copy}, endpoint.port};
}

Millis since(Clock::time_point start) {
  return std::chrono::duration_cast<Millis>(Clock::now() - start);
}

Tcp tcp_of(int error) {
  switch (error) {
    case ECONNREFUSED:
      return Tcp::refused;
    case ETIMEDOUT:
      return Tcp::timeout;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENOPROTOOPT:
      return Tcp::unreachable;
    case EACCES:
    case EPERM:
      return Tcp::local_policy;
    default:                // an int, not an enum
      return Tcp::unknown;  // an errno, not an enum
  }
}

/// The ICMP message behind a failed connect, if there was one.
void read_error_queue(int descriptor, ConnectFacts& facts) {
  char data[256];
  char control[512];
  iovec part{data, sizeof data};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
  for (auto* part_of = CMSG_FIRSTHDR(&message); part_of != nullptr;
       part_of = CMSG_NXTHDR(&message, part_of)) {
    bool const ours = (part_of->cmsg_level == IPPROTO_IP && part_of->cmsg_type == IP_RECVERR) ||
                      (part_of->cmsg_level == IPPROTO_IPV6 && part_of->cmsg_type == IPV6_RECVERR);
    if (!ours) continue;
    auto const* error = reinterpret_cast<sock_extended_err const*>(CMSG_DATA(part_of));
    if (error->ee_origin != SO_EE_ORIGIN_ICMP && error->ee_origin != SO_EE_ORIGIN_ICMP6) continue;
    facts.by_icmp = true;
    facts.icmp_type = error->ee_type;
    facts.icmp_code = error->ee_code;
  }
}

void ask_for_icmp(tcp::socket& socket, bool v4) {
  int const on = 1;
  setsockopt(socket.native_handle(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR,
             &on, sizeof on);
}

/// Cancels the socket at `when`; destroyed with the wait.
struct Alarm {
  Alarm(tcp::socket& socket, Clock::time_point when)
      : timer{socket.get_executor(), when}, fired{std::make_shared<bool>(false)} {
    timer.async_wait([flag = fired, target = &socket](boost::system::error_code error) {
      if (error) return;
      *flag = true;
      boost::system::error_code ignored;
      target->cancel(ignored);
    });
  }
  asio::steady_timer timer;
  std::shared_ptr<bool> fired;
};
}  // namespace

asio::awaitable<void> ConnectionLimit::acquire() {
  while (free_ == 0) co_await changed_.async_wait(nothrow);
  --free_;
}
void ConnectionLimit::release() {
  ++free_;
  changed_.cancel_one();
}

asio::awaitable<ConnectFacts> connect(tcp::socket& socket, Endpoint endpoint, Millis wait) {
  ConnectFacts facts;
  auto const start = Clock::now();
  boost::system::error_code error;
  auto const target = to_asio(endpoint);
  socket.open(target.protocol(), error);
  if (!error) {
    ask_for_icmp(socket, endpoint.address.is_v4());
    Alarm alarm{socket, start + wait};
    std::tie(error) = co_await socket.async_connect(target, nothrow);
    if (*alarm.fired && error) {
      facts.tcp = Tcp::timeout;
      facts.took = since(start);
      co_return facts;
    }
  }
  facts.took = since(start);
  // The peer accepted and reset before we looked: open, and then reset.
  bool const reset = error == asio::error::connection_reset || error == asio::error::broken_pipe;
  facts.error = error.value();
  if (reset) {
    facts.tcp = Tcp::open;
    co_return facts;
  }
  facts.tcp = error ? tcp_of(error.value()) : Tcp::open;
  if (error) read_error_queue(socket.native_handle(), facts);
  co_return facts;
}

namespace {
/// The second connection of a silent port: what the plain one waits for and reads.
struct Second {
  explicit Second(asio::any_io_executor const& loop) : finished{loop} {
    finished.expires_at(asio::steady_timer::time_point::max());
  }
  bool started = false, done = false;
  AttemptFacts facts;
  tcp::socket* plain = nullptr;  // cancelled when TLS stands here; null when it is gone
  asio::steady_timer finished;
};

class Runner {
 public:
  Runner(LaneWorld& world, ConnectionLimit& limit, advisor::LaneOptions options)
      : world_{world},
        limit_{limit},
        options_{options},
        lane_{std::move(options)},
        socket_{world.loop},
        second_{std::make_shared<Second>(world.loop)} {}

  asio::awaitable<AttemptFacts> run(Endpoint endpoint);

 private:
  asio::awaitable<void> act(LaneAction action);
  asio::awaitable<LaneAction> shake_hands(Millis until);
  asio::awaitable<LaneAction> read(Millis until);
  asio::awaitable<bool> write(std::string bytes);
  [[nodiscard]] Millis elapsed() const { return since(start_); }
  [[nodiscard]] Clock::time_point at(Millis until) const {
    return std::min(start_ + until, world_.deadline);
  }

  LaneWorld& world_;
  ConnectionLimit& limit_;
  advisor::LaneOptions options_;
  advisor::Lane lane_;
  tcp::socket socket_;
  std::unique_ptr<ProbeTls> tls_;
  std::shared_ptr<Second> second_;
  Clock::time_point start_;
  Endpoint endpoint_;
};

asio::awaitable<void> run_second(LaneWorld& world, ConnectionLimit& limit, Endpoint endpoint,
                                 advisor::LaneOptions options, std::shared_ptr<Second> second) {
  options.tls_first = true;
  second->facts = co_await climb(world, limit, endpoint, options);
  second->done = true;
  bool const tls = second->facts.tls.handshake == advisor::Handshake::ok;
  if (tls && second->plain != nullptr) {
    boost::system::error_code ignored;
    second->plain->cancel(ignored);
  }
  second->finished.cancel();
}

asio::awaitable<bool> Runner::write(std::string bytes) {
  if (tls_ && tls_->facts().handshake == advisor::Handshake::ok) {
    tls_->encrypt(bytes);
    bytes = tls_->take_output();
  }
  Alarm alarm{socket_, at(elapsed() + Millis{5000})};
  auto const [error, sent] = co_await asio::async_write(socket_, asio::buffer(bytes), nothrow);
  co_return !error;
}

asio::awaitable<LaneAction> Runner::read(Millis until) {
  char block[8192];
  Alarm alarm{socket_, at(until)};
  auto const [error, got] = co_await socket_.async_read_some(asio::buffer(block), nothrow);
  bool const second_won = second_->done && second_->facts.tls.handshake == advisor::Handshake::ok;
  if (error && second_won)
    co_return LaneAction{.kind = LaneAction::Kind::finish, .bytes = {}, .until = {}};
  if (*alarm.fired && error) co_return lane_.on_timer(elapsed());
  if (error) co_return lane_.on_closed(error == asio::error::connection_reset, elapsed());
  std::string_view const bytes{block, got};
  if (!tls_ || tls_->facts().handshake != advisor::Handshake::ok) {
    co_return lane_.on_bytes(bytes, elapsed());
  }
  auto const plain = tls_->decrypt(bytes);
  if (!plain) {
    lane_.facts().tls = tls_->facts();
    co_return lane_.on_closed(false, elapsed());
  }
  if (plain->empty())
    co_return LaneAction{.kind = LaneAction::Kind::read, .bytes = {}, .until = until};
  co_return lane_.on_bytes(*plain, elapsed());
}

asio::awaitable<LaneAction> Runner::shake_hands(Millis until) {
  tls_ = std::make_unique<ProbeTls>(world_.store, world_.host, world_.now);
  auto progress = tls_->handshake({});
  while (true) {
    std::string out = tls_->take_output();
    if (!out.empty()) {
      Alarm alarm{socket_, at(until)};
      co_await asio::async_write(socket_, asio::buffer(out), nothrow);
    }
    if (progress != ProbeTls::Progress::wants_bytes) break;
    char block[16384];
    Alarm alarm{socket_, at(until)};
    auto const [error, got] = co_await socket_.async_read_some(asio::buffer(block), nothrow);
    if (error) {
      bool const reset = error == asio::error::connection_reset;
      tls_->ended(*alarm.fired ? advisor::Handshake::silence
                  : reset      ? advisor::Handshake::reset
                               : advisor::Handshake::closed);
      break;
    }
    progress = tls_->handshake({block, got});
  }
  co_return lane_.on_tls(tls_->facts(), elapsed());
}

asio::awaitable<void> Runner::act(LaneAction action) {
  using Kind = LaneAction::Kind;
  unsigned late = 0;  // after the deadline every wait ends at once; the lane then finishes soon
  while (action.kind != Kind::finish && late < 10) {
    if (Clock::now() >= world_.deadline) ++late;
    if (action.kind == Kind::start_tls) {
      action = co_await shake_hands(action.until);
      continue;
    }
    if (action.kind == Kind::open_tls_lane && !second_->started) {
      second_->started = true;
      second_->plain = &socket_;
      asio::co_spawn(world_.loop, run_second(world_, limit_, endpoint_, options_, second_),
                     asio::detached);
    }
    if (action.kind == Kind::send && !co_await write(std::move(action.bytes))) {
      action = lane_.on_closed(false, elapsed());
      continue;
    }
    action = co_await read(action.until);
  }
}

asio::awaitable<AttemptFacts> Runner::run(Endpoint endpoint) {
  endpoint_ = endpoint;
  auto const left = std::chrono::duration_cast<Millis>(world_.deadline - Clock::now());
  auto const connected = co_await connect(socket_, endpoint, std::min(connect_wait, left));
  if (connected.tcp == Tcp::open && connected.error != 0) {
    lane_.facts().opening = advisor::Opening::reset;
  } else if (connected.tcp == Tcp::open) {
    start_ = Clock::now();
    co_await act(lane_.on_connected(Millis{0}));
  }
  second_->plain = nullptr;
  boost::system::error_code ignored;
  socket_.close(ignored);
  while (second_->started && !second_->done) co_await second_->finished.async_wait(nothrow);
  AttemptFacts facts = std::move(lane_.facts());
  facts.endpoint = endpoint;
  facts.connect = connected;
  if (second_->started) facts = merge(std::move(facts), std::move(second_->facts));
  co_return facts;
}
}  // namespace

asio::awaitable<AttemptFacts> climb(LaneWorld& world, ConnectionLimit& limit, Endpoint endpoint,
                                    advisor::LaneOptions options) {
  co_await limit.acquire();
  Runner runner{world, limit, std::move(options)};
  AttemptFacts facts = co_await runner.run(endpoint);
  limit.release();
  co_return facts;
}
}  // namespace pb::runtime
