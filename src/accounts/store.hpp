// store.hpp: where account records are kept: durable when put() returns.
// Spec: ARCHITECTURE.md decision 4 (column family "accounts").    Not here: RocksDB
// (runtime/rocks_store).
#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "accounts/directory.hpp"

namespace pb::accounts {
enum class StoreError { io, no_space, corrupt, read_only };

class Store {
 public:
  virtual ~Store() = default;
  virtual std::expected<std::vector<Account>, StoreError> load_all() = 0;
  virtual std::expected<void, StoreError> put(Account const& account) = 0;
  virtual std::expected<void, StoreError> remove(std::string_view name) = 0;
};
}  // namespace pb::accounts
