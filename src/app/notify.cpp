// notify.cpp: tells systemd that we are ready, reload or stop; without libsystemd.
// Spec: sd_notify(3) (the protocol: a datagram to $NOTIFY_SOCKET).
// Tests: tests/end_to_end/serve_test.py
// Not here: inherited sockets (runtime/server).
#include "app/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <string>

namespace pb::app {
void notify_systemd(std::string_view state) {
  char const* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) return;
  std::string_view const name{path};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  bool const usable = !name.empty() && name.size() < sizeof address.sun_path &&
                      (name.front() == '/' || name.front() == '@');
  if (!usable) return;
  std::ranges::copy(name, std::begin(address.sun_path));
  if (name.front() == '@') address.sun_path[0] = '\0';  // the abstract name space
  int const descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<sockaddr const*>(&address), length);
  ::close(descriptor);
}

void notify_reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  auto const microseconds = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  notify_systemd("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}
}  // namespace pb::app
