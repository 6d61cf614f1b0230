// parts.cpp: what stands behind a listening server: accounts, judge, authenticator, queue, inbox.
// Spec: ARCHITECTURE.md "One message, one direction" 1-3.      Tests: tests/end_to_end
// Not here: the order of starting (serve.cpp), the parts themselves.
#include "app/parts.hpp"

#include <boost/json.hpp>
#include <mutex>

#include "app/memory_intake.hpp"
#include "app/server_settings.hpp"
#include "policy/engine.hpp"
#include "runtime/system.hpp"

namespace pb::app {
namespace {
namespace asio = boost::asio;
using smtp::server::SessionFacts;

class DirectJudge final : public runtime::Judge {
 public:
  explicit DirectJudge(LoadedConfig const& loaded)
      : directory_{directory_of(loaded, {})}, networks_{network_table(*loaded.config)} {}
  smtp::server::PeerFacts classify(smtp::server::PeerFacts peer) const override {
    return policy::classify_peer(networks_, std::move(peer));
  }
  asio::awaitable<smtp::server::Verdict> judge(smtp::server::Stage stage,
                                               SessionFacts const& facts) override {
    co_return std::get<smtp::server::Verdict>(policy::judge(stage, facts, {*directory_}, {}));
  }

 private:
  std::shared_ptr<accounts::Directory const> directory_;
  policy::NetworkTable networks_;
};

/// The sandbox: any user, any password.
class OpenDoor final : public runtime::Authenticator {
 public:
  asio::awaitable<sasl::Answer> answer(sasl::Question question, SessionFacts const&) override {
    if (auto const* check = std::get_if<sasl::PasswordCheck>(&question))
      co_return sasl::Granted{check->user};
    co_return sasl::Denied{};
  }
  Duration failure_delay(SessionFacts const&) override { return Duration{0}; }
};

class LockedRandom final : public Random {
 public:
  std::uint64_t next() override {
    std::lock_guard const lock{mutex_};
    return random_.next();
  }

 private:
  std::mutex mutex_;
  runtime::SystemRandom random_;
};
}  // namespace

struct Parts::Impl {
  Impl(Clock const& the_clock, Log& the_log) : clock{the_clock}, log{the_log} {}
  Clock const& clock;
  Log& log;
  LockedRandom random;
  MemoryIntake intake{clock, random};
  runtime::Services services;
};

Parts::Parts(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Parts::~Parts() = default;

std::expected<std::unique_ptr<Parts>, std::string> Parts::open(LoadedConfig const& loaded,
                                                               Clock const& clock, Log& log) {
  auto impl = std::make_unique<Impl>(clock, log);
  impl->services.judge = std::make_shared<DirectJudge>(loaded);
  impl->services.authenticator = std::make_shared<OpenDoor>();
  impl->services.intake = {std::shared_ptr<void>{}, &impl->intake};
  return std::unique_ptr<Parts>{new Parts{std::move(impl)}};
}

runtime::Services Parts::services() const { return impl_->services; }

std::expected<void, std::string> Parts::reload(LoadedConfig const& loaded) {
  impl_->services.judge = std::make_shared<DirectJudge>(loaded);
  return {};
}

api::Backend Parts::backend() {
  api::Backend backend;
  backend.clock = &impl_->clock;
  backend.random = &impl_->random;
  backend.captured = &impl_->intake;
  return backend;
}

void Parts::health(boost::json::object&) const {}
void Parts::stop() {}
}  // namespace pb::app
