// offline.cpp: answers questions of the admin socket from the store, when no server runs.
// Spec: docs/reference/admin-api.md.                      Tests: tests/end_to_end/users_test.py
// Not here: the questions (api/).
#include "app/offline.hpp"

namespace pb::app {
std::expected<runtime::AdminResponse, std::string> ask_offline(OfflineOptions const& options,
                                                               runtime::AdminRequest) {
  return std::unexpected("no server runs with " + options.data_dir +
                         ": start one with  packetboat serve");
}
}  // namespace pb::app
