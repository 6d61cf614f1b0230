// config_document.hpp: a TOML file as a flat list of values with their places.
// Spec: TOML 1.0.                       Not here: which keys exist and what they mean
// (config_keys).  Tests: config_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config.hpp"

namespace pb::app {
using Value = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;

/// One value: `path` has no index; `item` tells the tables of an array ([[listener]]) apart.
struct Entry {
  std::string path;  // "listener.address", "tls.sni.name"
  std::size_t item = 0;
  Value value;
  Place place;
};
/// One table, also when it is empty: of an array ([[listener]]), or by itself ([limits]).
struct Item {
  std::string path;  // "listener"
  std::size_t item = 0;
  Place place;
  bool in_array = false;
};
struct Document {
  std::vector<Entry> entries;  // in the order of the file
  std::vector<Item> items;
  std::vector<Problem> problems;  // syntax, values of no type that we use
};
Document parse_document(std::string_view toml, std::string const& file);
}  // namespace pb::app
