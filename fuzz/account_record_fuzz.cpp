// account_record_fuzz.cpp: an account's persisted form; what is read is written back the same.
// Spec: accounts/record.hpp.                                          Not here: the store.
// Covers: src/accounts/record.cpp
#include <cstddef>
#include <cstdint>

#include "accounts/record.hpp"
#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb::accounts;
  auto const account = account_from_json({reinterpret_cast<char const*>(data), size});
  if (!account) return 0;
  PB_CHECK(!account->name.empty());
  std::string const text = to_json(*account);
  auto const again = account_from_json(text);
  PB_CHECK(again.has_value());
  PB_CHECK(to_json(*again) == text);
  return 0;
}
