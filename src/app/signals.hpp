// signals.hpp: signals as events of one waiting thread: stop, stop at once, reload.
// Spec: signal(7), sigwaitinfo(2).                Not here: what is done about them (serve.cpp).
#pragma once

#include <pthread.h>

#include <csignal>

namespace pb::app {
/// Blocks them for this thread and all that it starts: make it before any thread.
class Signals {
 public:
  enum class Event { reload, stop, ended };
  Signals();
  /// The next one. SIGTERM and SIGINT are `stop`, SIGHUP is `reload`.
  Event wait();
  /// Any thread: wait() gives `ended`.
  void end();

 private:
  sigset_t set_{};
  pthread_t waiter_;
};
}  // namespace pb::app
