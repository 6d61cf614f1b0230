// port_check.hpp: a PHP file that measures from a web host, for people without a terminal there.
// Spec: docs/reference/command-line.md: PHP 7.4, stream_socket_client only, deletes itself after
// an hour; its JSON is
// packetboat.probe/1.                                Tests: tests/fault_lab/port_check_test.py
#pragma once

#include <string>
#include <string_view>

namespace pb::advisor {
/// `host` is a host name or an address (checked by the caller).
std::string port_check_php(std::string_view host);
}  // namespace pb::advisor
