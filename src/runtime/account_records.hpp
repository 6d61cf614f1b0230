// account_records.hpp: accounts::Store on the RocksDB store, column family "accounts".
// Spec: accounts/store.hpp.             Not here: the record's form (accounts/), the directory.
#pragma once

#include "accounts/store.hpp"
#include "runtime/rocks_store.hpp"

namespace pb::runtime {
/// Any thread; blocks. Each put and remove is durable when it returns.
class AccountRecords final : public accounts::Store {
 public:
  explicit AccountRecords(RocksStore& store) : store_{store} {}
  std::expected<std::vector<accounts::Account>, accounts::StoreError> load_all() override;
  std::expected<void, accounts::StoreError> put(accounts::Account const& account) override;
  std::expected<void, accounts::StoreError> remove(std::string_view name) override;
  /// Made at the first call; the store must not be open for reading only then.
  std::expected<std::string, accounts::StoreError> secret() override;

 private:
  RocksStore& store_;
};
}  // namespace pb::runtime
