// notify.hpp: tells systemd that we are ready, reload or stop; without libsystemd.
// Spec: sd_notify(3) (the protocol: a datagram to $NOTIFY_SOCKET).
// Tests: tests/end_to_end/serve_test.py
// Not here: inherited sockets (runtime/server).
#pragma once

#include <string_view>

namespace pb::app {
/// "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1", "STATUS=...". Without
/// NOTIFY_SOCKET, or when nobody listens there, nothing happens.
void notify_systemd(std::string_view state);
void notify_reloading();
}  // namespace pb::app
