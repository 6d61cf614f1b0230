// sending.cpp: the delivery side of a running server: its loop, resolver, TLS and agent.
// Spec: ARCHITECTURE.md "One message, one direction" 4-8.      Tests:
// tests/end_to_end/two_hops_test Not here: what is sent where (delivery/), the queue
// (runtime/queue_runner).
#include "app/sending.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <thread>

#include "app/delivery_settings.hpp"
#include "runtime/tls_context.hpp"

namespace pb::app {
namespace {
namespace asio = boost::asio;
}

struct Sending::Impl {
  Impl(SendingParts the_parts, std::shared_ptr<runtime::UnboundResolver> the_resolver,
       std::shared_ptr<runtime::ClientTls const> the_tls,
       std::shared_ptr<runtime::DeliverySettings const> settings)
      : resolver{std::move(the_resolver)},
        tls{std::move(the_tls)},
        agent{{loop, *resolver, *tls, the_parts.pool, the_parts.directory, the_parts.clock,
               the_parts.random, the_parts.log, std::move(the_parts.settle),
               std::move(the_parts.sending)},
              std::move(settings)},
        thread{[this] { loop.run(); }} {}

  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
  std::shared_ptr<runtime::UnboundResolver> resolver;  // as its maker gives it
  std::shared_ptr<runtime::ClientTls const> tls;       // as its maker gives it
  runtime::DeliveryAgent agent;
  bool stopped = false;
  std::jthread thread;
};

Sending::Sending(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Sending::~Sending() { stop(); }

std::expected<std::unique_ptr<Sending>, std::string> Sending::make(LoadedConfig const& loaded,
                                                                   SendingParts parts) {
  auto settings = delivery_settings(loaded, own_addresses());
  if (!settings) return std::unexpected(settings.error());
  auto resolver_wants = resolver_settings(*loaded.config);
  if (!resolver_wants) return std::unexpected(resolver_wants.error());
  auto resolver =
      runtime::UnboundResolver::make(std::move(*resolver_wants), parts.clock, parts.log);
  if (!resolver) return std::unexpected(resolver.error());
  auto tls = runtime::ClientTls::make();
  if (!tls) return std::unexpected(tls.error());
  return std::unique_ptr<Sending>{new Sending{std::make_unique<Impl>(
      std::move(parts), std::move(*resolver), std::move(*tls), std::move(*settings))}};
}

runtime::LeaseSink& Sending::sink() { return impl_->agent; }
runtime::Resolver& Sending::resolver() { return *impl_->resolver; }

std::expected<void, std::string> Sending::reload(LoadedConfig const& loaded) {
  auto settings = delivery_settings(loaded, own_addresses());
  if (!settings) return std::unexpected(settings.error());
  impl_->agent.reload(std::move(*settings));
  return {};
}

std::optional<runtime::DeliveryAgent::DomainView> Sending::look_at(
    std::string const& domain) const {
  return impl_->agent.look_at(domain);
}

void Sending::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  std::promise<void> ended;
  impl_->agent.stop([&] { ended.set_value(); });
  ended.get_future().wait();
  impl_->work.reset();
  impl_->loop.stop();
  impl_->thread.join();
  impl_->resolver->stop();
}
}  // namespace pb::app
