// memory_keeper.hpp: gives memory that the allocator holds free back to the kernel when it is calm.
// Spec: issue-visible figure: memory of an idle session (bench/idle_sessions).
// Not here: limits on memory in use.
#pragma once

#include <malloc.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>

#include "runtime/memory_gauge.hpp"

namespace pb::runtime {
namespace asio = boost::asio;

/// Messages leave free pages between the sessions that live on; glibc returns only those at the
/// heap's end by itself. Under steady work that is what they are kept for: so it is done when no
/// message came for a second or memory is short, and every half minute if it never is calm.
class MemoryKeeper {
 public:
  /// `work` counts what makes garbage; read once a second on the loop of `context`.
  MemoryKeeper(asio::io_context& context, std::atomic<std::uint64_t> const& work,
               MemoryGauge& gauge)
      : timer_{context}, work_{work}, gauge_{gauge} {}
  void start() { tick(); }
  void stop() { timer_.cancel(); }

 private:
  void tick() {
    timer_.expires_after(std::chrono::seconds{1});
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      look();
      tick();
    });
  }
  void look() {
    std::uint64_t now = work_;
    bool calm = now == seen_ || gauge_.is_short();
    seen_ = now;
    if (now == trimmed_at_) return;
    if (!calm && ++busy_seconds_ < busy_seconds_max) return;
    ::malloc_trim(0);
    trimmed_at_ = now;
    busy_seconds_ = 0;
  }

  static constexpr int busy_seconds_max = 30;
  asio::steady_timer timer_;
  std::atomic<std::uint64_t> const& work_;
  MemoryGauge& gauge_;
  std::uint64_t seen_ = 0;
  std::uint64_t trimmed_at_ = 0;
  int busy_seconds_ = 0;
};
}  // namespace pb::runtime
