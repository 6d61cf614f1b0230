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
  bool salvage = false;  // takes what is left of a damaged store
  std::vector<std::string> our_domains;
  std::string user;  // whom root becomes first, so that the server can read what is written
};
/// Opens the store, asks, closes it. With root and a user the process is that user from then on.
/// The error is a sentence that says what to do.
std::expected<runtime::AdminResponse, std::string> ask_offline(OfflineOptions const& options,
                                                               runtime::AdminRequest request);
}  // namespace pb::app
