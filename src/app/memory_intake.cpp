// memory_intake.cpp: takes messages and keeps them in memory: a fake of the durable queue.
// Spec: runtime/services.hpp (Intake), inbox/captured.hpp.     Tests: memory_intake_test.cpp
// Not here: durability: only tests and benchmarks without a disk use it.
#include "app/memory_intake.hpp"

#include <boost/asio/awaitable.hpp>

#include "app/config.hpp"

namespace pb::app {
namespace {
using inbox::Captured;
using smtp::server::CommitAnswer;
using smtp::server::CommitResult;
using smtp::server::SinkAnswer;
using Lock = std::lock_guard<std::mutex>;

class MemoryBody final : public runtime::BodySink {
 public:
  explicit MemoryBody(std::size_t octets_max) : octets_max_{octets_max} {}
  std::optional<SinkAnswer> append(std::string_view bytes) override {
    if (bytes_.size() + bytes.size() > octets_max_) return SinkAnswer::no_space;
    bytes_.append(bytes);
    return SinkAnswer::ok;
  }
  boost::asio::awaitable<SinkAnswer> settle() override { co_return SinkAnswer::ok; }
  [[nodiscard]] std::string const& bytes() const { return bytes_; }

 private:
  std::size_t octets_max_;
  std::string bytes_;
};

Captured captured_of(runtime::AcceptedMessage const& message, Instant now) {
  Captured out;
  out.id = message.id;
  out.received_at = now;
  out.envelope = message.message.envelope;
  for (std::uint32_t i = 0; i < out.envelope.forward_paths.size(); ++i) out.recipients.push_back(i);
  out.listener = message.facts.listener;
  out.role = name_of(message.facts.role);
  out.client = message.facts.peer.peer.text();
  out.account = message.facts.account;
  if (message.facts.tls.active)
    out.tls = message.facts.tls.version + " " + message.facts.tls.cipher;
  return out;
}
}  // namespace

MemoryIntake::MemoryIntake(Clock const& clock, Random& random, std::size_t octets_max)
    : clock_{clock}, random_{random}, octets_max_{octets_max} {}

QueueId MemoryIntake::make_id() {
  Lock const lock{mutex_};
  return QueueId::make(clock_.now(), random_);
}

std::unique_ptr<runtime::BodySink> MemoryIntake::open_body(QueueId) {
  return std::make_unique<MemoryBody>(octets_max_);
}

boost::asio::awaitable<CommitAnswer> MemoryIntake::commit(runtime::AcceptedMessage message) {
  Kept kept{captured_of(message, clock_.now()), message.message.trace};
  kept.message += message.message.header.bytes();
  if (message.message.empty_line) kept.message += "\r\n";
  if (message.body) kept.message += static_cast<MemoryBody const&>(*message.body).bytes();
  kept.captured.octets = kept.message.size();
  Lock const lock{mutex_};
  if (octets_ + kept.message.size() > octets_max_)
    co_return CommitAnswer{CommitResult::deferred_no_space, message.id};
  octets_ += kept.message.size();
  kept_.emplace(message.id, std::move(kept));
  ++changes_;
  co_return CommitAnswer{CommitResult::durable, message.id};
}

std::expected<std::vector<Captured>, inbox::CapturedError> MemoryIntake::list(
    QueueId after, std::size_t count_max) {
  Lock const lock{mutex_};
  std::vector<Captured> out;
  for (auto at = kept_.upper_bound(after); at != kept_.end() && out.size() < count_max; ++at)
    out.push_back(at->second.captured);
  return out;
}

std::expected<std::optional<Captured>, inbox::CapturedError> MemoryIntake::get(QueueId id) {
  Lock const lock{mutex_};
  auto const found = kept_.find(id);
  if (found == kept_.end()) return std::optional<Captured>{};
  return std::optional{found->second.captured};
}

std::expected<std::optional<std::string>, inbox::CapturedError> MemoryIntake::read(
    QueueId id, std::size_t octets_max) {
  Lock const lock{mutex_};
  auto const found = kept_.find(id);
  if (found == kept_.end()) return std::optional<std::string>{};
  return std::optional{found->second.message.substr(0, octets_max)};
}

std::expected<bool, inbox::CapturedError> MemoryIntake::remove(QueueId id) {
  Lock const lock{mutex_};
  auto const found = kept_.find(id);
  if (found == kept_.end()) return false;
  octets_ -= found->second.message.size();
  kept_.erase(found);
  ++changes_;
  return true;
}

std::expected<std::size_t, inbox::CapturedError> MemoryIntake::clear() {
  Lock const lock{mutex_};
  std::size_t const count = kept_.size();
  kept_.clear();
  octets_ = 0;
  ++changes_;
  return count;
}

std::uint64_t MemoryIntake::changes() const {
  Lock const lock{mutex_};
  return changes_;
}
}  // namespace pb::app
