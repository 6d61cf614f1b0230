// sending.hpp: the delivery side of a running server: its loop, resolver, TLS and agent.
// Spec: ARCHITECTURE.md "One message, one direction" 4-8.      Tests:
// tests/end_to_end/two_hops_test Not here: what is sent where (delivery/), the queue
// (runtime/queue_runner).
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "app/config_files.hpp"
#include "base/log.hpp"
#include "runtime/delivery_agent.hpp"
#include "runtime/directory_snapshot.hpp"

namespace pb::app {
/// What it uses; all outlive it.
struct SendingParts {
  runtime::StoragePool& pool;
  runtime::DirectorySnapshot& directory;
  Clock const& clock;
  Random& random;
  Log& log;
  std::function<void(queue::AttemptDone)> settle;
  std::function<void(queue::LeaseId, QueueId)> sending;
};

class Sending {
 public:
  static std::expected<std::unique_ptr<Sending>, std::string> make(LoadedConfig const& loaded,
                                                                   SendingParts parts);
  /// stop() and then the loop's end.
  ~Sending();
  Sending(Sending const&) = delete;
  Sending& operator=(Sending const&) = delete;

  [[nodiscard]] runtime::LeaseSink& sink();
  /// The process's one; it answers until stop().
  [[nodiscard]] runtime::Resolver& resolver();
  /// Routes and credentials; not [dns], which is read at the start.
  std::expected<void, std::string> reload(LoadedConfig const& loaded);
  /// What limits a domain's next hops now (`explain`).
  [[nodiscard]] std::optional<runtime::DeliveryAgent::DomainView> look_at(
      std::string const& domain) const;
  /// Lets what is behind its end of data finish; returns when nothing is under way.
  void stop();

 private:
  struct Impl;
  explicit Sending(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::app
