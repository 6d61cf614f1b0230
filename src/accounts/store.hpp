// store.hpp: where account records are kept: durable when put() returns.
// Spec: ARCHITECTURE.md decision 4 (column family "accounts").    Not here: RocksDB
// (runtime/rocks_store).
#pragma once

#include <expected>
#include <string>
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
  /// 32 unpredictable octets, made once a store: they keep the fake SCRAM salts of unknown users
  /// the same over restarts. Empty: this store keeps none, then salts change with the process.
  virtual std::expected<std::string, StoreError> secret() { return std::string{}; }
};
}  // namespace pb::accounts
