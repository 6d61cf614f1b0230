// privileges.hpp: gives up root for good, and keeps a small child that may still read the files.
// Spec: ARCHITECTURE.md decision 8; setuid(2), prctl(2) PR_SET_NO_NEW_PRIVS.
// Tests: tests/end_to_end/root_test.py               Not here: landlock, seccomp (confinement).
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "app/config_files.hpp"

namespace pb::app {
/// Reads the configuration and the files that it names at reload, also when we are root no more, or
/// confined.
class Keeper {
 public:
  /// Call before any thread and any listener exists. When we are to lose rights: a child that keeps
  /// them, knows only this file name, and ends with us. Else nothing is forked, and files are read
  /// as ourselves.
  static std::expected<std::unique_ptr<Keeper>, std::string> start(std::string const& config_file,
                                                                   bool loses_rights);
  ~Keeper();
  Keeper(Keeper const&) = delete;
  Keeper& operator=(Keeper const&) = delete;

  /// As load_with_files(), with the rights that we had at start. One call at a time.
  LoadedConfig load();
  /// A socket that listens on `address`, which must be a listener's in the configuration as it now
  /// stands. The error is a sentence. One call at a time.
  std::expected<int, std::string> listen(Endpoint const& address);

 private:
  explicit Keeper(std::string config_file) : config_file_{std::move(config_file)} {}
  std::string config_file_;
  int socket_ = -1;  // to the child; -1: none, and we still may ourselves
  int child_ = -1;
};

/// Becomes `user` with its groups, for good, and can gain nothing again. No thread may exist.
/// Without root it only checks that we are that user already (or none is named).
std::expected<void, std::string> become(std::string const& user);
/// data_dir, made with mode 0700 for `user` when root starts us and it is not there.
std::expected<void, std::string> make_data_dir(std::string const& path, std::string const& user);
}  // namespace pb::app
