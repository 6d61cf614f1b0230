// offline.hpp: answers questions of the admin socket from the store, when no server runs.
// Spec: docs/reference/admin-api.md.                      Tests: tests/end_to_end/users_test.py
// Not here: the questions (api/).
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "runtime/admin_server.hpp"

namespace pb::app {
struct OfflineOptions {
  std::string data_dir;
  bool read_only = true;
  std::vector<std::string> our_domains;
};
/// Opens the store, asks, closes it. The error is a sentence that says what to do.
std::expected<runtime::AdminResponse, std::string> ask_offline(OfflineOptions const& options,
                                                               runtime::AdminRequest request);
}  // namespace pb::app
