// core.hpp: one thread with one loop, and what its sessions share without locks.
// Spec: ARCHITECTURE.md decision 3.                     Not here: who is on which core (listener).
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <span>
#include <thread>
#include <unordered_set>
#include <vector>

#include "runtime/system.hpp"

namespace pb::runtime {
namespace asio = boost::asio;

/// A session as its core sees it when the server ends. Called on the core's thread.
class Drainable {
 public:
  virtual ~Drainable() = default;
  virtual void finish_soon() = 0;  // end when no transaction is open
  virtual void finish_now() = 0;   // end at the next wait
  virtual void cut() = 0;          // close the socket
};

class Core {
 public:
  Core();
  ~Core();
  Core(Core const&) = delete;
  Core& operator=(Core const&) = delete;

  void start();
  /// Ends the loop and joins the thread; what was going on is destroyed with the Core.
  void stop();

  [[nodiscard]] asio::io_context& context() { return context_; }
  /// Where every connection of this core reads into; valid until anyone on it waits.
  [[nodiscard]] std::span<char> read_buffer() { return read_buffer_; }
  [[nodiscard]] Random& random() { return random_; }
  [[nodiscard]] std::unordered_set<Drainable*>& sessions() { return sessions_; }

  /// Sessions, and those of them that count against the limit; read by the acceptors.
  std::atomic<std::size_t> open_sessions{0};
  std::atomic<std::size_t> counted_sessions{0};

 private:
  // Declared before the loop: sessions that the loop's end destroys still use them.
  std::vector<char> read_buffer_;
  SystemRandom random_;
  std::unordered_set<Drainable*> sessions_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::jthread thread_;
};
}  // namespace pb::runtime
