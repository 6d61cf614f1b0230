// from_domain_fuzz.cpp: the author domain of strange From fields.
// Spec: RFC 9989 §5.3.1; RFC 5322 §3.4.
// Covers: src/dmarc/author.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "dmarc/author.hpp"
#include "dns/name.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  std::string const domain = dmarc::only_domain(text);
  PB_CHECK(domain.empty() || dns::valid_name(domain));
  auto const header = mail::HeaderSection::parse("From: " + std::string{text} + "\r\n");
  if (header) (void)dmarc::author_domain(*header);
  return 0;
}
