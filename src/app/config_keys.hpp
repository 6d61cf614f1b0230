// config_keys.hpp: every configuration key in one table: name, kind, default, meaning, reader.
// Spec: docs/reference/configuration.md is written from it.         Tests: config_test.cpp
// Not here: what fits together (config.cpp).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/config_document.hpp"

namespace pb::app {
enum class Kind : std::uint8_t {
  text,
  flag,
  number,
  duration,
  octets,
  percent,
  address,
  networks,
  texts,
  durations
};
std::string_view name_of(Kind kind);

/// Stores the entry's value in the configuration; gives what is wrong with it, or nothing.
using Apply = std::optional<std::string> (*)(Config& config, Entry const& entry);

struct Key {
  std::string_view path;  // "listener.address"
  Kind kind;
  std::string_view fallback;  // as written in the reference
  std::string_view about;
  Apply apply;
};
/// All but [limits], whose rows are in limits.hpp.
std::span<Key const> config_keys();
/// All paths, "limits.*" too.
std::span<std::string_view const> key_paths();
/// The sections that are arrays of tables: "listener", "tls.sni", ...
bool is_array_of_tables(std::string_view path);

/// Applies one entry: finds its key, reads it, stores it.
std::optional<std::string> apply_entry(Config& config, Entry const& entry);
/// Makes room for item `item` of an array of tables, so that also an empty one exists.
void add_item(Config& config, Item const& item);

/// docs/reference/configuration.md.
std::string configuration_reference();
}  // namespace pb::app
