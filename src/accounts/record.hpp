// record.hpp: an account as it is persisted: one JSON object with a format version.
// Spec: ARCHITECTURE.md decision 4 (column family "accounts").          Tests: record_test.cpp
// Not here: where it is kept (store.hpp), what its fields mean (directory.hpp).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "accounts/directory.hpp"

namespace pb::accounts {
/// Version 1 is the first. A reader takes its own and older ones; unknown members are ignored.
inline constexpr std::int64_t record_version = 1;
inline constexpr std::size_t record_octets_max = 1 << 20;
inline constexpr std::size_t record_addresses_max = 10'000;  // aliases, and again allowed senders

enum class RecordError : std::uint8_t {
  too_large,
  syntax,         // not a JSON object
  newer_version,  // written by a later Packetboat: do not overwrite it
  invalid,        // a member is missing, of the wrong type, or not possible
};
/// One line, no line end.
std::string to_json(Account const& account);
std::expected<Account, RecordError> account_from_json(std::string_view text);
}  // namespace pb::accounts
