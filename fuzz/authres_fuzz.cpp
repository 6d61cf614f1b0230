// authres_fuzz.cpp: Authentication-Results; what we write of it reads back.
// Spec: RFC 8601 §2.2.
// Covers: src/authres/results.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "authres/results.hpp"
#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  auto const read = authres::parse(text);
  (void)authres::raw_methods(text);
  bool const claims = authres::claims(text, "mx.example");
  if (!read) return 0;
  PB_CHECK(claims == authres::claims(authres::write(*read), "mx.example") || !claims);
  auto const again = authres::parse(authres::write(*read));
  PB_CHECK(again.has_value());
  PB_CHECK(again->methods.size() == read->methods.size());
  return 0;
}
