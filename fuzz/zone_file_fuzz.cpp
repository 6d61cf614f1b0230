// zone_file_fuzz.cpp: a zone file.
// Spec: RFC 1035 §5.1.
// Covers: src/dns/world_zone.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "dns/world_zone.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  auto const world = dns::world_from_zone(text);
  if (!world) {
    PB_CHECK(!world.error().empty());
    return 0;
  }
  (void)world->answer({"example.com", dns::Type::txt});
  (void)world->answer({"mail.example.com", dns::Type::a});
  return 0;
}
