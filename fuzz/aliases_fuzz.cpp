// aliases_fuzz.cpp: alias files: what is taken is rules, and reads the same when written again.
// Spec: docs/reference/configuration.md (domain.aliases).
// Covers: src/delivery/aliases.cpp
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "delivery/aliases.hpp"
#include "mail/address.hpp"

namespace {
bool is_target(std::string const& target) {
  using pb::mail::parse_mailbox;
  using pb::mail::Utf8;
  return parse_mailbox(target, Utf8::allow) || parse_mailbox(target + "@a.example", Utf8::allow);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb::delivery;
  auto const table = AliasTable::parse({reinterpret_cast<char const*>(data), size});
  if (!table) {
    PB_CHECK(!table.error().empty());
    for (AliasError const& error : table.error())
      PB_CHECK(error.line >= 1 && !explain(error.kind).empty());
    return 0;
  }
  std::string written;
  for (auto const& [name, targets] : table->rules()) {
    PB_CHECK(name == pb::ascii::to_lower(name) && !targets.empty());
    written += name + ":";
    for (std::string const& target : targets) {
      PB_CHECK(is_target(target));
      written += " " + target + ",";
    }
    written += "\n";
  }
  auto const again = AliasTable::parse(written);
  PB_CHECK(again && again->rules() == table->rules());
  return 0;
}
