// dialer.cpp: connect with a timer beside it; the first that ends decides.
// Spec: dialer.hpp.  Tests: delivery_agent_test.cpp
#include "runtime/dialer.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

namespace pb::runtime {
namespace {
using Tcp = asio::ip::tcp;

asio::ip::address asio_address(IpAddress const& address) {
  if (address.is_v4()) return asio::ip::address_v4{address.v4_bits()};
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), address.bytes().data(), bytes.size());
  return asio::ip::address_v6{bytes};
}

DialError error_of(boost::system::error_code const& error) {
  switch (error.value()) {
    case ECONNREFUSED:
      return DialError::refused;
    case ETIMEDOUT:
    case ECANCELED:
      return DialError::timeout;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EACCES:
    case EPERM:
      return DialError::local;
    default:  // not an enum
      return DialError::unreachable;
  }
}

/// A unix stream socket connects at once or not at all.
std::expected<Tcp::socket, DialError> dial_unix(asio::any_io_executor const& executor,
                                                std::string const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::unexpected{DialError::local};
  std::memcpy(address.sun_path, path.data(), path.size());
  int const descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return std::unexpected{DialError::local};
  if (::connect(descriptor, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
    int const error = errno;
    ::close(descriptor);
    bool const busy = error == ECONNREFUSED || error == EAGAIN;
    return std::unexpected{busy ? DialError::refused : DialError::local};
  }
  Tcp::socket socket{executor};
  boost::system::error_code error;
  socket.assign(Tcp::v4(), descriptor, error);
  if (error) {
    ::close(descriptor);
    return std::unexpected{DialError::local};
  }
  return socket;
}

struct Attempt {
  explicit Attempt(asio::any_io_executor const& executor) : socket{executor}, timer{executor} {}
  Tcp::socket socket;
  asio::steady_timer timer;
  bool timed_out = false;
};
}  // namespace

std::string_view name_of(DialError error) {
  switch (error) {
    case DialError::refused:
      return "connection refused";
    case DialError::timeout:
      return "no answer";
    case DialError::unreachable:
      return "not reachable from here";
    case DialError::local:
      return "could not be tried: a fault on this machine";
  }
  return "";
}

asio::awaitable<std::expected<Tcp::socket, DialError>> dial(DialTarget target, Duration wait) {
  auto const executor = co_await asio::this_coro::executor;
  if (!target.unix_path.empty()) co_return dial_unix(executor, target.unix_path);
  // shared: the timer's completion may run when this coroutine is over.
  auto const attempt = std::make_shared<Attempt>(executor);
  bool const v4 = target.endpoint.address.is_v4();
  boost::system::error_code error;
  attempt->socket.open(v4 ? Tcp::v4() : Tcp::v6(), error);
  if (error) {
    bool const no_family = error.value() == EAFNOSUPPORT;
    co_return std::unexpected{no_family ? DialError::unreachable : DialError::local};
  }
  if (target.source && target.source->is_v4() == v4) {
    attempt->socket.bind({asio_address(*target.source), 0}, error);
    if (error) co_return std::unexpected{DialError::local};
  }
  attempt->timer.expires_after(wait);
  attempt->timer.async_wait([attempt](boost::system::error_code const& cancelled) {
    if (cancelled) return;
    attempt->timed_out = true;
    boost::system::error_code ignored;
    attempt->socket.close(ignored);
  });
  co_await attempt->socket.async_connect(
      {asio_address(target.endpoint.address), target.endpoint.port},
      asio::redirect_error(asio::use_awaitable, error));
  attempt->timer.cancel();
  if (attempt->timed_out) co_return std::unexpected{DialError::timeout};
  if (error) co_return std::unexpected{error_of(error)};
  attempt->socket.set_option(Tcp::no_delay{true}, error);
  attempt->socket.non_blocking(true, error);
  if (error) co_return std::unexpected{DialError::local};
  co_return std::move(attempt->socket);
}

namespace {
/// What the attempts of one dial_first() share. A target that is still connecting when another has
/// won ends by itself: its socket goes with its coroutine, unused.
struct Race {
  explicit Race(asio::any_io_executor const& executor) : news{executor} {}
  asio::steady_timer news;  // cancelled when an attempt ends
  std::optional<DialedFirst> winner;
  std::vector<std::optional<DialError>> errors;
  std::size_t running = 0, ended = 0;
};

asio::awaitable<void> run_one(std::shared_ptr<Race> race, DialTarget target, std::size_t index,
                              Duration wait) {
  auto socket = co_await dial(std::move(target), wait);
  --race->running;
  ++race->ended;
  if (!socket)
    race->errors[index] = socket.error();
  else if (!race->winner)
    race->winner.emplace(std::move(*socket), index);
  race->news.cancel();
}
}  // namespace

asio::awaitable<std::expected<DialedFirst, DialError>> dial_first(std::vector<DialTarget> targets,
                                                                  Duration wait) {
  auto const executor = co_await asio::this_coro::executor;
  // shared: attempts that lost outlive this coroutine.
  auto const race = std::make_shared<Race>(executor);
  race->errors.resize(targets.size());
  if (targets.size() == 1) {
    auto socket = co_await dial(std::move(targets.front()), wait);
    if (!socket) co_return std::unexpected{socket.error()};
    co_return DialedFirst{std::move(*socket), 0};
  }
  std::size_t started = 0;
  while (!race->winner && (started < targets.size() || race->running > 0)) {
    std::size_t const ended = race->ended;
    if (started < targets.size()) {
      ++race->running;
      asio::co_spawn(executor, run_one(race, targets[started], started, wait), asio::detached);
      ++started;
    }
    if (race->ended != ended) continue;  // it failed at once: nobody will wake us
    bool const last = started == targets.size();
    race->news.expires_after(last ? wait + attempt_delay : attempt_delay);
    boost::system::error_code ignored;
    co_await race->news.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (race->winner) co_return std::move(*race->winner);
  co_return std::unexpected{race->errors.front().value_or(DialError::timeout)};
}
}  // namespace pb::runtime
