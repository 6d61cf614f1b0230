// account_records.cpp: see account_records.hpp.                     Spec: accounts/record.hpp.
#include "runtime/account_records.hpp"

#include <utility>

#include "accounts/record.hpp"
#include "runtime/system.hpp"

namespace pb::runtime {
namespace {
using accounts::StoreError;
using queue::Family;

/// Names of accounts hold no control characters, so what begins with one is something else of ours.
constexpr std::string_view first_name = " ";
constexpr std::string_view secret_key = "\x01secret";
constexpr std::size_t secret_octets = 32;

std::unexpected<StoreError> refuse(queue::StoreError error) {
  switch (error) {
    case queue::StoreError::no_space:
      return std::unexpected{StoreError::no_space};
    case queue::StoreError::failed:
      return std::unexpected{StoreError::io};
    case queue::StoreError::read_only:
      return std::unexpected{StoreError::read_only};
    case queue::StoreError::corrupt:
      return std::unexpected{StoreError::corrupt};
  }
  return std::unexpected{StoreError::io};
}

std::expected<void, StoreError> write(RocksStore& store, queue::Write record) {
  queue::Batch batch;
  batch.push_back(std::move(record));
  if (auto const done = store.write(batch, queue::Durability::synced); !done) {
    return refuse(done.error());
  }
  return {};
}
}  // namespace

std::expected<std::vector<accounts::Account>, StoreError> AccountRecords::load_all() {
  std::vector<accounts::Account> all;
  bool whole = true;
  auto const scanned = store_.scan(Family::accounts, first_name, "", [&](auto, auto value) {
    auto account = accounts::account_from_json(value);
    whole = account.has_value();
    if (whole) all.push_back(std::move(*account));
    return whole;
  });
  if (!scanned) return refuse(scanned.error());
  if (!whole) return std::unexpected{StoreError::corrupt};
  return all;
}

std::expected<void, StoreError> AccountRecords::put(accounts::Account const& account) {
  return write(store_, {Family::accounts, account.name, accounts::to_json(account)});
}

std::expected<void, StoreError> AccountRecords::remove(std::string_view name) {
  return write(store_, {Family::accounts, std::string{name}, std::nullopt});
}

std::expected<std::string, StoreError> AccountRecords::secret() {
  auto kept = store_.get(Family::accounts, secret_key);
  if (!kept) return refuse(kept.error());
  if (*kept) return std::move(**kept);
  SystemRandom random;
  std::string made = random.bytes(secret_octets);
  if (auto done = write(store_, {Family::accounts, std::string{secret_key}, made}); !done) {
    return std::unexpected{done.error()};
  }
  return made;
}
}  // namespace pb::runtime
