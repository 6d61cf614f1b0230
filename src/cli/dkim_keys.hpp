// dkim_keys.hpp: `packetboat dkim keygen|list|record|rotate|check`: the folder of signing keys.
// Spec: docs/reference/command-line.md; the folder is DIRECTORY/<domain>/<selector>.pem.
// Not here: signing (dkim.cpp), the server's use of keys (runtime).
#pragma once

#include "cli/command.hpp"

namespace pb::cli {
void add_dkim_keys(CLI::App& dkim, Action& action);
}  // namespace pb::cli
