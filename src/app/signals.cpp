// signals.cpp: signals as events of one waiting thread: stop, stop at once, reload.
// Spec: signal(7), sigwaitinfo(2).                Not here: what is done about them (serve.cpp).
#include "app/signals.hpp"

#include <initializer_list>

namespace pb::app {
Signals::Signals() : waiter_{::pthread_self()} {
  ::sigemptyset(&set_);
  for (int const one : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) ::sigaddset(&set_, one);
  ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

Signals::Event Signals::wait() {
  for (;;) {
    int const got = ::sigwaitinfo(&set_, nullptr);
    if (got == SIGTERM || got == SIGINT) return Event::stop;
    if (got == SIGHUP) return Event::reload;
    if (got == SIGUSR1) return Event::ended;
  }
}

void Signals::end() { ::pthread_kill(waiter_, SIGUSR1); }
}  // namespace pb::app
