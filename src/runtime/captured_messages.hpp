// captured_messages.hpp: inbox::CapturedStore on the queue's records.
// Spec: inbox/captured.hpp.                            Tests: queue_intake_test.cpp
// Not here: filters, parsing, waiting (inbox/).
#pragma once

#include "inbox/captured.hpp"
#include "runtime/queue_runner.hpp"

namespace pb::runtime {
/// Any thread; blocks. Without a runner (the command line, read-only) nothing can be removed.
class CapturedMessages final : public inbox::CapturedStore {
 public:
  CapturedMessages(RocksStore& store, QueueRunner* runner) : store_{store}, runner_{runner} {}
  std::expected<std::vector<inbox::Captured>, inbox::CapturedError> list(
      QueueId after, std::size_t count_max) override;
  std::expected<std::optional<inbox::Captured>, inbox::CapturedError> get(QueueId id) override;
  std::expected<std::optional<std::string>, inbox::CapturedError> read(
      QueueId id, std::size_t octets_max) override;
  std::expected<bool, inbox::CapturedError> remove(QueueId id) override;
  std::expected<std::size_t, inbox::CapturedError> clear() override;
  [[nodiscard]] std::uint64_t changes() const override;

 private:
  std::expected<void, inbox::CapturedError> release(QueueId id);
  RocksStore& store_;
  QueueRunner* runner_;
};
}  // namespace pb::runtime
