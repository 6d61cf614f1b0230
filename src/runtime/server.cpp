// server.cpp: owns cores and listeners; start, reload, drain and stop.
// Spec: ARCHITECTURE.md decisions 3 and 8; sd_listen_fds(3) for inherited sockets.
// Not here: sessions, signals.
#include "runtime/server.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "base/check.hpp"
#include "runtime/listener.hpp"
#include "runtime/memory_keeper.hpp"

namespace pb::runtime {
namespace {
constexpr std::uint16_t first_free_port = 1024;            // below: only with root's right
constexpr int first_inherited_descriptor = 3;              // SD_LISTEN_FDS_START
constexpr auto last_words_wait = std::chrono::seconds{2};  // between "end now" and closing sockets

std::optional<long> number_in(char const* variable) {
  char const* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  char* end = nullptr;
  long value = std::strtol(text, &end, 10);
  return end != text && *end == '\0' ? std::optional{value} : std::nullopt;
}

/// The listening address of an inherited socket; nullopt when it is none of TCP.
std::optional<Endpoint> address_of(int descriptor) {
  asio::ip::tcp::endpoint bound;
  auto length = static_cast<socklen_t>(bound.capacity());
  if (::getsockname(descriptor, bound.data(), &length) != 0) return std::nullopt;
  int family = bound.data()->sa_family;
  if (family != AF_INET && family != AF_INET6) return std::nullopt;
  bound.resize(length);
  return endpoint_of(bound);
}
}  // namespace

std::vector<InheritedSocket> inherited_sockets() {
  std::vector<InheritedSocket> sockets;
  auto process = number_in("LISTEN_PID");
  auto count = number_in("LISTEN_FDS");
  if (process == static_cast<long>(::getpid()) && count && *count > 0 && *count < 1024) {
    for (int i = 0; i < static_cast<int>(*count); ++i) {
      sockets.push_back({first_inherited_descriptor + i});
    }
  }
  // A child of ours must not take them for its own.
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  ::unsetenv("LISTEN_FDNAMES");
  return sockets;
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::size_t>(limit.rlim_cur);
}

struct Server::Impl {
  Impl(std::shared_ptr<ServerSettings const> settings_in, Log& log, Clock const& clock,
       ServerOptions options)
      : shared{log, clock},
        settings{std::move(settings_in)},
        listen_for_us{std::move(options.listen_for_us)} {
    std::size_t count = options.cores != 0 ? options.cores : std::thread::hardware_concurrency();
    for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
      cores.push_back(std::make_unique<Core>());
    }
    drain_timer.emplace(cores.front()->context());
    memory_keeper.emplace(cores.front()->context(), shared.work, shared.memory_gauge);
    shared.descriptors_max = raise_descriptor_limit();
  }

  std::expected<void, std::string> apply(std::shared_ptr<ServerSettings const> next,
                                         std::span<InheritedSocket const> inherited);
  std::expected<std::shared_ptr<Generation const>, std::string> make_generation(
      std::shared_ptr<ServerSettings const> from);
  std::expected<std::vector<std::shared_ptr<Listener>>, std::string> make_listeners(
      ServerSettings const& from, std::span<InheritedSocket const> inherited);
  void use(std::vector<std::shared_ptr<Listener>> next,
           std::shared_ptr<Generation const> generation);
  void tell_sessions(void (Drainable::*what)());
  void drain();
  void later(Duration time, void (Impl::*next)());
  void end_open_transactions();
  void cut_all();
  bool ending() {
    std::scoped_lock lock{shared.idle_mutex};
    return draining || stopped;
  }

  ServerShared shared;  // first in, last out: sessions use it while the cores are destroyed
  std::mutex mutex;     // of settings and listeners; never taken on a session's path
  std::shared_ptr<ServerSettings const> settings;
  std::function<std::expected<int, std::string>(Endpoint const&)> listen_for_us;
  std::vector<std::unique_ptr<Core>> cores;
  std::vector<std::shared_ptr<Listener>> listeners;
  std::optional<asio::steady_timer> drain_timer;
  std::optional<MemoryKeeper> memory_keeper;
  bool started = false;
  bool draining = false;  // under shared.idle_mutex
  bool stopped = false;   // under shared.idle_mutex
};

std::expected<std::shared_ptr<Generation const>, std::string> Server::Impl::make_generation(
    std::shared_ptr<ServerSettings const> from) {
  auto generation = std::make_shared<Generation>();
  for (ListenerSettings const& listener : from->listeners) {
    std::shared_ptr<ServerTls const> tls;
    if (!from->tls.certificates.empty()) {
      bool relay = listener.role == smtp::server::Role::relay;
      auto made = ServerTls::make(from->tls, {.tickets = relay ? nullptr : &shared.ticket_keys,
                                              .client_ca_pem = listener.client_ca_pem});
      if (!made) return std::unexpected{made.error()};
      tls = std::move(*made);
    } else if (listener.role == smtp::server::Role::submissions) {
      return std::unexpected{fmt::format(
          "{}: a submissions listener needs a certificate: set [tls] certificate and key",
          listener.address.text())};
    }
    generation->tls.push_back(std::move(tls));
  }
  generation->settings = std::move(from);
  return generation;
}

/// One for each entry of the settings, in their order; those that listen already are kept.
std::expected<std::vector<std::shared_ptr<Listener>>, std::string> Server::Impl::make_listeners(
    ServerSettings const& from, std::span<InheritedSocket const> inherited) {
  std::vector<std::shared_ptr<Listener>> next;
  std::vector<std::shared_ptr<Listener>> free = listeners;
  for (ListenerSettings const& wanted : from.listeners) {
    auto same = [&](auto const& listener) { return listener->asked() == wanted.address; };
    auto kept = std::ranges::find_if(free, same);
    if (kept != free.end()) {
      next.push_back(*kept);
      free.erase(kept);
      continue;
    }
    auto has_address = [&](InheritedSocket const& socket) {
      return address_of(socket.descriptor) == wanted.address;
    };
    auto given = std::ranges::find_if(inherited, has_address);
    int descriptor = given != inherited.end() ? given->descriptor : -1;
    if (descriptor < 0 && started && wanted.address.port < first_free_port && listen_for_us) {
      auto const made = listen_for_us(wanted.address);
      if (!made) return std::unexpected{made.error()};
      descriptor = *made;
    }
    auto bound = Listener::bind(wanted.address, descriptor, cores, shared);
    if (!bound) return std::unexpected{bound.error()};
    next.push_back(std::move(*bound));
  }
  return next;
}

/// On the accepting thread, or before it runs.
void Server::Impl::use(std::vector<std::shared_ptr<Listener>> next,
                       std::shared_ptr<Generation const> generation) {
  for (auto const& old : listeners) {
    if (std::ranges::find(next, old) == next.end()) old->close();
  }
  for (std::size_t i = 0; i < next.size(); ++i) {
    bool fresh = std::ranges::find(listeners, next[i]) == listeners.end();
    next[i]->use(generation, i);
    if (fresh && started) next[i]->start();
  }
  listeners = std::move(next);
  settings = generation->settings;
}

std::expected<void, std::string> Server::Impl::apply(std::shared_ptr<ServerSettings const> next,
                                                     std::span<InheritedSocket const> inherited) {
  auto generation = make_generation(next);
  if (!generation) return std::unexpected{generation.error()};
  auto made = make_listeners(*next, inherited);
  if (!made) return std::unexpected{made.error()};
  if (!started) {
    use(std::move(*made), std::move(*generation));
    return {};
  }
  std::promise<void> done;
  asio::post(cores.front()->context(), [&] {
    use(std::move(*made), std::move(*generation));
    done.set_value();
  });
  done.get_future().wait();  // so that whoever reloads sees the new ports answer
  return {};
}

void Server::Impl::tell_sessions(void (Drainable::*what)()) {
  for (auto const& core : cores) {
    asio::post(core->context(), [core = core.get(), what] {
      // A copy: what is told may end a session at once.
      std::vector<Drainable*> all(core->sessions().begin(), core->sessions().end());
      for (Drainable* session : all) {
        if (core->sessions().contains(session)) (session->*what)();
      }
    });
  }
}

void Server::Impl::later(Duration time, void (Impl::*next)()) {
  drain_timer->expires_after(time);
  drain_timer->async_wait([this, next](boost::system::error_code error) {
    if (!error) (this->*next)();
  });
}

/// On the accepting thread.
void Server::Impl::drain() {
  for (auto const& listener : listeners) listener->close();
  tell_sessions(&Drainable::finish_soon);
  later(settings->limits.drain_wait, &Impl::end_open_transactions);
}

void Server::Impl::end_open_transactions() {
  tell_sessions(&Drainable::finish_now);
  later(last_words_wait, &Impl::cut_all);
}

void Server::Impl::cut_all() {
  tell_sessions(&Drainable::cut);
  std::scoped_lock lock{shared.idle_mutex};
  stopped = true;
  shared.idle.notify_all();
}

Server::Server(std::shared_ptr<ServerSettings const> settings, Log& log, Clock const& clock,
               ServerOptions options)
    : impl_{std::make_unique<Impl>(std::move(settings), log, clock, options)} {
  // OpenSSL writes with write(2), which raises it on a closed connection.
  std::signal(SIGPIPE, SIG_IGN);
}

Server::~Server() {
  for (auto const& core : impl_->cores) core->stop();
  for (auto const& listener : impl_->listeners) listener->close();
  impl_->listeners.clear();
  impl_->drain_timer.reset();
  impl_->memory_keeper.reset();
}

std::expected<void, std::string> Server::bind(std::span<InheritedSocket const> inherited) {
  std::scoped_lock lock{impl_->mutex};
  return impl_->apply(impl_->settings, inherited);
}

void Server::start() {
  std::scoped_lock lock{impl_->mutex};
  PB_CHECK(!impl_->started);
  impl_->started = true;
  for (auto const& listener : impl_->listeners) listener->start();
  impl_->memory_keeper->start();
  for (auto const& core : impl_->cores) core->start();
}

std::expected<void, std::string> Server::reload(std::shared_ptr<ServerSettings const> settings) {
  std::scoped_lock lock{impl_->mutex};
  if (impl_->ending()) return std::unexpected{"the server is ending"};
  return impl_->apply(std::move(settings), {});
}

void Server::drain() {
  {
    std::scoped_lock lock{impl_->shared.idle_mutex};
    if (std::exchange(impl_->draining, true)) return;
  }
  asio::post(impl_->cores.front()->context(), [impl = impl_.get()] { impl->drain(); });
}

void Server::stop() {
  asio::post(impl_->cores.front()->context(), [impl = impl_.get()] {
    for (auto const& listener : impl->listeners) listener->close();
    impl->tell_sessions(&Drainable::cut);
  });
  std::scoped_lock lock{impl_->shared.idle_mutex};
  impl_->stopped = true;
  impl_->shared.idle.notify_all();
}

void Server::wait() {
  std::unique_lock lock{impl_->shared.idle_mutex};
  impl_->shared.idle.wait(lock, [impl = impl_.get()] {
    return impl->stopped || (impl->draining && impl->shared.open_sessions == 0);
  });
}

Endpoint Server::local_endpoint(std::size_t listener) const {
  std::scoped_lock lock{impl_->mutex};
  PB_CHECK(listener < impl_->listeners.size());
  return impl_->listeners[listener]->bound();
}

std::size_t Server::open_sessions() const { return impl_->shared.open_sessions; }
std::size_t Server::cores() const { return impl_->cores.size(); }
asio::io_context& Server::core_context(std::size_t index) {
  return impl_->cores.at(index)->context();
}
}  // namespace pb::runtime
