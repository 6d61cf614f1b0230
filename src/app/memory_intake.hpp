// memory_intake.hpp: takes messages and keeps them in memory: a fake of the durable queue.
// Spec: runtime/services.hpp (Intake), inbox/captured.hpp.     Tests: memory_intake_test.cpp
// Not here: durability: only tests and benchmarks without a disk use it.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "inbox/captured.hpp"
#include "runtime/services.hpp"

namespace pb::app {
class MemoryIntake final : public runtime::Intake, public inbox::CapturedStore {
 public:
  MemoryIntake(Clock const& clock, Random& random, std::size_t octets_max = 256U << 20);

  QueueId make_id() override;
  std::unique_ptr<runtime::BodySink> open_body(QueueId id) override;
  boost::asio::awaitable<smtp::server::CommitAnswer> commit(
      runtime::AcceptedMessage message) override;

  std::expected<std::vector<inbox::Captured>, inbox::CapturedError> list(
      QueueId after, std::size_t count_max) override;
  std::expected<std::optional<inbox::Captured>, inbox::CapturedError> get(QueueId id) override;
  std::expected<std::optional<std::string>, inbox::CapturedError> read(
      QueueId id, std::size_t octets_max) override;
  std::expected<bool, inbox::CapturedError> remove(QueueId id) override;
  std::expected<std::size_t, inbox::CapturedError> clear() override;
  [[nodiscard]] std::uint64_t changes() const override;

 private:
  struct Kept {
    inbox::Captured captured;
    std::string message;
  };
  Clock const& clock_;
  Random& random_;
  std::size_t const octets_max_;
  mutable std::mutex mutex_;
  std::map<QueueId, Kept> kept_;
  std::size_t octets_ = 0;
  std::uint64_t changes_ = 0;
};
}  // namespace pb::app
