// config_files.hpp: the contents of the files that a configuration names.  Tests: config_files_test
// Spec: ARCHITECTURE.md decision 8 (read before root is dropped; by the parent at reload).
// Not here: what keys mean (config.hpp), certificates as such (runtime/tls_context).
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/config.hpp"

namespace pb::app {
/// One file that a configuration names, and why.
struct NamedFile {
  std::string path;
  std::string key;  // "tls.key"
  Place place;
  bool secret = false;  // must not be readable by everyone
};
std::vector<NamedFile> files_named_by(Config const& config);

/// A configuration with everything that must be read with its owner's rights.
struct LoadedConfig {
  std::shared_ptr<Config const> config;      // null: errors among the problems
  std::map<std::string, std::string> files;  // path -> content
  std::vector<Problem> problems;
  /// Empty when the file is not among `files`.
  [[nodiscard]] std::string content(std::string const& path) const;
};
/// Reads the configuration and all files that it names (each at most 16 MiB), all problems at once.
LoadedConfig load_with_files(std::string const& file);
/// As above, from what another process has read (the parent that kept root).
LoadedConfig loaded_from(std::string const& file, std::string_view toml,
                         std::map<std::string, std::string> files);

/// What the service user cannot read or write; secrets that others can read. Asks the kernel as
/// that user when root asks, else as ourselves.
std::vector<Problem> check_access(Config const& config);

/// Whole content, at most `octets_max`; the error is the system's words.
std::expected<std::string, std::string> read_file(std::string const& path, std::size_t octets_max);
}  // namespace pb::app
