// which_port_page.hpp: docs/which-port/index.html, made from the tables: one file, no network.
// Spec: docs/reference/command-line.md "For people without a terminal". `packetboat ports --page`
// prints it.
// Not here: the tables themselves.
#pragma once

#include <string>

namespace pb::advisor {
std::string which_port_page();
}  // namespace pb::advisor
